// A window of VS Code that is played by a program: loads the extension in the folder
// that it is given, over a fake of the module `vscode`, and does what lines of JSON on
// the standard input say. Each is answered by a line; changes to what can be seen come as
// lines in between.
'use strict';

const { Module, createRequire } = require('node:module');
const path = require('node:path');
const readline = require('node:readline');

const folder = path.resolve(process.argv[2]);
const required = createRequire(path.join(folder, 'package.json'));
const manifest = required('./package.json');
const { URI } = required('vscode-uri');
const { TextDocument } = required('vscode-languageserver-textdocument');

const say = (value) => process.stdout.write(`${JSON.stringify(value)}\n`);
const fake = require('./fake_vscode.js')(URI, (seen) => say({ seen }));
const { api } = fake;

const load = Module._load;
Module._load = (name, ...rest) => (name === 'vscode' ? api : load(name, ...rest));

/** Where secrets are kept: out of the settings, and of all that is `seen`. */
const secrets = new (class {
  kept = new Map();
  changes = new api.EventEmitter();
  onDidChange = this.changes.event;
  isLocked = false;
  get = async (key) => {
    if (this.isLocked) throw new Error('the keyring is locked');
    return this.kept.get(key);
  };
  store = async (key, value) => {
    this.kept.set(key, value);
    this.changes.fire({ key });
  };
  delete = async (key) => {
    this.kept.delete(key);
    this.changes.fire({ key });
  };
})();

for (const [key, { default: value }] of Object.entries(
  manifest.contributes.configuration.properties,
)) {
  fake.settings.set(key, value);
}

/** A document as extensions see it; one object for as long as it is open. */
class Document {
  constructor({ uri, language, text }) {
    this.uri = URI.parse(uri);
    this.languageId = language;
    this.text = TextDocument.create(uri, language, 1, text);
    this.isDirty = false;
    this.isClosed = false;
  }
  get version() {
    return this.text.version;
  }
  getText() {
    return this.text.getText();
  }
  positionAt(offset) {
    const { line, character } = this.text.positionAt(offset);
    return new api.Position(line, character);
  }
  offsetAt(position) {
    return this.text.offsetAt(position);
  }
  replace(start, end, text) {
    const change = {
      range: new api.Range(this.positionAt(start), this.positionAt(end)),
      rangeOffset: start,
      rangeLength: end - start,
      text,
    };
    TextDocument.update(this.text, [change], this.version + 1);
    fake.emitters.Change.fire({ document: this, contentChanges: [change] });
  }
}

/** The author at the one editor: what is in it, where the cursor is, the ghost text. */
const author = { document: undefined, cursor: 0, ghost: undefined, asking: undefined };

/** Ask the providers as VS Code does: a newer question cancels the one before. */
async function ask(triggerKind) {
  author.asking?.cancel();
  author.ghost = undefined;
  const asking = (author.asking = new api.CancellationTokenSource());
  const { document, cursor } = author;
  const context = { triggerKind, selectedCompletionInfo: undefined };
  const all = [];
  for (const { selector, provider } of fake.providers) {
    if (!fake.matches(selector, document)) continue;
    const position = document.positionAt(cursor);
    const result = await provider.provideInlineCompletionItems(
      document,
      position,
      context,
      asking.token,
    );
    all.push(...(Array.isArray(result) ? result : (result?.items ?? [])));
  }
  if (asking.token.isCancellationRequested) return { cancelled: true, items: [] };
  author.ghost = all[0];
  return { cancelled: false, items: all.map((item) => item.insertText) };
}

const verbs = {
  activate: async ({ settings = {}, folders }) => {
    for (const [key, value] of Object.entries(settings)) fake.settings.set(key, value);
    api.workspace.workspaceFolders = folders?.map((folder, index) => ({
      uri: URI.file(folder),
      name: path.basename(folder),
      index,
    }));
    await required(manifest.main).activate({ subscriptions: [], secrets });
  },
  lock: ({ locked }) => {
    secrets.isLocked = locked;
  },
  deactivate: () => required(manifest.main).deactivate(),
  open: (file) => {
    author.document = new Document(file);
    author.cursor = file.text.length;
    api.workspace.textDocuments.push(author.document);
    fake.emitters.Open.fire(author.document);
  },
  close: () => {
    const at = api.workspace.textDocuments.indexOf(author.document);
    const [document] = api.workspace.textDocuments.splice(at, 1);
    document.isClosed = true;
    fake.emitters.Close.fire(document);
  },
  move: ({ to }) => {
    author.cursor = to;
  },
  type: ({ text }) => {
    author.document.replace(author.cursor, author.cursor, text);
    author.cursor += text.length;
    return ask(api.InlineCompletionTriggerKind.Automatic);
  },
  invoke: () => ask(api.InlineCompletionTriggerKind.Invoke),
  accept: async () => {
    const { document, cursor, ghost } = author;
    const start = ghost.range ? document.offsetAt(ghost.range.start) : cursor;
    const end = ghost.range ? document.offsetAt(ghost.range.end) : cursor;
    document.replace(start, end, ghost.insertText);
    author.cursor = start + ghost.insertText.length;
    author.ghost = undefined;
    if (ghost.command) {
      const { command, arguments: values = [] } = ghost.command;
      await api.commands.executeCommand(command, ...values);
    }
  },
  text: () => author.document.getText(),
  commands: () => {
    const names = manifest.contributes.commands.map(({ command }) => command);
    const missing = names.filter((name) => !fake.commands.has(name));
    return { found: names.filter((name) => fake.commands.has(name)), missing };
  },
  run: ({ command, values = [] }) => api.commands.executeCommand(command, ...values),
  answer: ({ text }) => {
    fake.answers.push((options) => {
      if (!options.password) throw new Error('a secret is typed where others can read it');
      return text;
    });
  },
};

const orders = readline.createInterface({ input: process.stdin });
// vscode-languageclient looks two seconds later whether its server has ended.
orders.on('close', () => process.exit(0));
orders.on('line', async (line) => {
  const { id, verb, ...values } = JSON.parse(line);
  try {
    say({ id, result: (await verbs[verb](values)) ?? null });
  } catch (error) {
    say({ id, error: String(error?.stack ?? error) });
  }
});
