// Ghost text from GitLab Duo in VS Code: starts `gitlab-completions lsp` and shows how
// it stands. The suggestions themselves pass from the server to VS Code by
// vscode-languageclient; here is what the protocol leaves to an editor: where the access
// token is kept, the status bar, and telling the server what was shown.
'use strict';

const { homedir } = require('node:os');

const vscode = require('vscode');
const { LanguageClient, State } = require('vscode-languageclient/node');

/** @typedef {import('vscode-languageclient').Middleware} Middleware */
/**
 * @typedef {object} Problem
 * @property {string} code
 * @property {string} message
 * @property {string | null} [remedy]
 */
/**
 * What the server says of itself, whenever it changes.
 *
 * @typedef {object} Status
 * @property {string} health
 * @property {string | null} [route]
 * @property {string | null} [reason]
 * @property {string} text
 * @property {Problem | null} [problem]
 */

const SECTION = 'gitlab-completions';
const TOKEN = `${SECTION}.token`;
/** @type {Record<string, string>} Icons of VS Code's own set, by the server's word. */
const ICONS = {
  starting: 'loading~spin',
  ready: 'check',
  degraded: 'warning',
  unavailable: 'error',
  closed: 'circle-slash',
};

/** @type {LanguageClient | undefined} */
let client;

/**
 * Start the server, and again whenever another token is saved.
 *
 * @param {vscode.ExtensionContext} context
 */
async function activate(context) {
  const bar = vscode.window.createStatusBarItem(SECTION, vscode.StatusBarAlignment.Right);
  bar.name = 'GitLab completions';
  const log = vscode.window.createOutputChannel('GitLab completions', { log: true });
  const { secrets } = context;
  const start = () => restart(secrets, bar, log);
  context.subscriptions.push(
    bar,
    log,
    vscode.commands.registerCommand(`${SECTION}.signIn`, () => signIn(secrets)),
    vscode.commands.registerCommand(`${SECTION}.signOut`, () => secrets.delete(TOKEN)),
    vscode.commands.registerCommand(`${SECTION}.showLog`, () => log.show()),
    secrets.onDidChange((change) => (change.key === TOKEN ? start() : undefined)),
    vscode.workspace.onDidChangeConfiguration((change) =>
      change.affectsConfiguration(`${SECTION}.command`) ? start() : undefined,
    ),
  );
  await start();
}

/** End the server with the window. */
async function deactivate() {
  const ending = client;
  client = undefined;
  await ending?.dispose().catch(() => undefined); // it may have ended, or never started
}

/** @type {Promise<void>} So that two starts never overlap. */
let starting = Promise.resolve();

/**
 * @param {vscode.SecretStorage} secrets
 * @param {vscode.StatusBarItem} bar
 * @param {vscode.LogOutputChannel} log
 */
function restart(secrets, bar, log) {
  starting = starting.then(async () => {
    await deactivate();
    show(bar, { health: 'starting', text: 'starting' });
    try {
      client = await makeClient(secrets, log);
      client.onNotification('$/gitlab/status', (status) => show(bar, status));
      client.onDidChangeState(({ newState }) => {
        if (newState !== State.Stopped) return;
        show(bar, { health: 'closed', text: 'the server has ended' });
      });
      await client.start();
    } catch (error) {
      show(bar, { health: 'unavailable', text: `the server does not start: ${error}` });
    }
  });
  return starting;
}

/**
 * @param {vscode.SecretStorage} secrets
 * @param {vscode.LogOutputChannel} log
 */
async function makeClient(secrets, log) {
  const settings = vscode.workspace.getConfiguration().get(SECTION, {});
  const [command, ...args] = vscode.workspace
    .getConfiguration(SECTION)
    .get('command', [SECTION, 'lsp']);
  const token = await secrets.get(TOKEN);
  return new LanguageClient(
    SECTION,
    'GitLab completions',
    {
      command,
      args, // never the token: other users can read a command line
      // Not the folder that is open: a Python that starts there may import what lies there.
      options: { cwd: homedir() },
    },
    {
      // No output, settings or search results, and nothing that is not on a disk yet:
      // untitled files are documents too.
      documentSelector: [{ scheme: 'file' }, { scheme: 'untitled' }],
      initializationOptions: { ...settings, token, reportsShown: true },
      synchronize: { configurationSection: SECTION },
      outputChannel: log,
      traceOutputChannel: without(token, log),
      middleware,
    },
  );
}

/**
 * Return a log that says everything but the token: with tracing on, each message to the
 * server is written there, the first one too, and such logs are shown to others.
 *
 * @param {string | undefined} token
 * @param {vscode.LogOutputChannel} log
 * @returns {vscode.LogOutputChannel}
 */
function without(token, log) {
  if (!token) return log;
  const trace = (/** @type {string} */ line) => log.trace(line.replaceAll(token, '…'));
  return Object.create(log, { trace: { value: trace } });
}

/** @type {Middleware} */
const middleware = {
  async provideInlineCompletionItems(document, position, context, token, next) {
    const result = await next(document, position, context, token);
    const items = Array.isArray(result) ? result : (result?.items ?? []);
    // VS Code tells extensions what it has shown by a proposed interface only, which a
    // published extension may not use: the first of what it was given is what it shows.
    const [id] = items[0]?.command?.arguments ?? [];
    if (id !== undefined) {
      // What goes wrong with that is in the log, and nobody need wait for it.
      vscode.commands.executeCommand(`${SECTION}.shown`, id).then(undefined, () => undefined);
    }
    return result;
  },
};

/**
 * @param {vscode.StatusBarItem} bar
 * @param {Status} status
 */
function show(bar, status) {
  // A server that does not run explains nothing; its log may.
  bar.command = `${SECTION}.${client?.isRunning() ? 'explain' : 'showLog'}`;
  bar.text = `$(${ICONS[status.health] ?? 'question'}) GitLab`;
  const { problem } = status;
  bar.tooltip = [status.text, problem?.message, problem?.remedy].filter(Boolean).join('\n');
  bar.show();
}

/** @param {vscode.SecretStorage} secrets */
async function signIn(secrets) {
  const token = await vscode.window.showInputBox({
    title: 'GitLab access token',
    prompt: 'With the scope ai_features, or api. It is kept where your system keeps secrets.',
    password: true,
    ignoreFocusOut: true, // it is copied from a browser
  });
  if (token?.trim()) await secrets.store(TOKEN, token.trim());
}

module.exports = { activate, deactivate };
