// The part of VS Code's module `vscode` that the extension and vscode-languageclient use,
// without a window: what they do to it is read from `seen`, and `Window` in host.js is
// what the author has. After VS Code 1.91's vscode.d.ts; what is not here is an error.
'use strict';

/** Make the module, with the `Uri` that VS Code itself is built on. */
module.exports = (Uri, report) => {
  class Disposable {
    constructor(dispose) {
      this.dispose = dispose;
    }
    static from(...all) {
      return new Disposable(() => all.forEach((one) => one.dispose()));
    }
  }

  class EventEmitter {
    constructor() {
      this.listeners = new Set();
      this.event = (listener, self, disposables) => {
        const bound = self === undefined ? listener : listener.bind(self);
        this.listeners.add(bound);
        const end = new Disposable(() => this.listeners.delete(bound));
        disposables?.push(end);
        return end;
      };
    }
    fire(value) {
      for (const listener of [...this.listeners]) listener(value);
    }
    dispose() {
      this.listeners.clear();
    }
  }

  class CancellationTokenSource {
    constructor() {
      const cancelled = new EventEmitter();
      this.token = {
        isCancellationRequested: false,
        onCancellationRequested: cancelled.event,
      };
      this.cancel = () => {
        if (this.token.isCancellationRequested) return;
        this.token.isCancellationRequested = true;
        cancelled.fire();
      };
    }
    dispose() {}
  }

  class CancellationError extends Error {}

  class Position {
    constructor(line, character) {
      Object.assign(this, { line, character });
    }
  }

  class Range {
    constructor(start, end, line, character) {
      const four = line !== undefined;
      this.start = four ? new Position(start, end) : start;
      this.end = four ? new Position(line, character) : end;
    }
  }

  class InlineCompletionItem {
    constructor(insertText, range, command) {
      Object.assign(this, { insertText, range, command });
    }
  }

  class InlineCompletionList {
    constructor(items) {
      this.items = items;
    }
  }

  const bar = { text: '', tooltip: '', shown: false };
  const seen = { bar, messages: [], log: [], ran: [] };
  const changed = () => report(seen);
  const settings = new Map();
  const commands = new Map();
  const providers = new Set();
  const answers = [];
  const never = new EventEmitter().event;

  const emitters = Object.fromEntries(
    ['Open', 'Close', 'Change', 'Configuration', 'Folders'].map((name) => [
      name,
      new EventEmitter(),
    ]),
  );

  const message = (kind) => async (text) => {
    seen.messages.push(`${kind}: ${text}`);
    changed();
  };

  // What VS Code gives for a section: its values, and the methods beside them.
  const section = (name) => {
    const within = [...settings].filter(([key]) => key.startsWith(`${name}.`));
    return Object.fromEntries(
      within.map(([key, value]) => [key.slice(name.length + 1), value]),
    );
  };
  const getConfiguration = (name) => {
    const at = (key) => (name ? `${name}.${key}` : key);
    const get = (key, otherwise) => {
      if (settings.has(at(key))) return settings.get(at(key));
      const all = section(at(key));
      return Object.keys(all).length ? all : otherwise;
    };
    return { ...section(name), get, has: (key) => get(key) !== undefined };
  };

  const line = (level) => (text) => {
    seen.log.push(`${level}: ${text}`);
    changed();
  };

  const window = {
    activeTextEditor: undefined,
    visibleTextEditors: [],
    tabGroups: { all: [], onDidChangeTabs: never },
    onDidChangeActiveTextEditor: never,
    onDidChangeVisibleTextEditors: never,
    showErrorMessage: message('error'),
    showWarningMessage: message('warning'),
    showInformationMessage: message('information'),
    showInputBox: async (options) => answers.shift()?.(options),
    withProgress: (options, task) => {
      seen.messages.push(`progress: ${options.title ?? ''}`);
      changed();
      const source = new CancellationTokenSource();
      return task({ report: () => {} }, source.token);
    },
    createStatusBarItem: () => {
      const set = (name) => ({
        get: () => seen.bar[name],
        set: (value) => {
          seen.bar[name] = value;
          changed();
        },
      });
      const item = {
        show: () => {
          seen.bar.shown = true;
          changed();
        },
        dispose: () => {},
      };
      return Object.defineProperties(item, { text: set('text'), tooltip: set('tooltip') });
    },
    createOutputChannel: (name) => ({
      name,
      logLevel: settings.get('gitlab-completions.trace.server') === 'verbose' ? 1 : 3,
      onDidChangeLogLevel: never,
      appendLine: line('line'),
      append: line('line'),
      trace: line('trace'),
      debug: () => {},
      info: line('info'),
      warn: line('warn'),
      error: line('error'),
      show: () => {},
      dispose: () => {},
    }),
  };

  const workspace = {
    workspaceFolders: undefined,
    textDocuments: [],
    notebookDocuments: [],
    getConfiguration,
    getWorkspaceFolder: () => undefined,
    createFileSystemWatcher: () => ({
      onDidCreate: never,
      onDidChange: never,
      onDidDelete: never,
      dispose: () => {},
    }),
    applyEdit: async () => false,
    onDidOpenTextDocument: emitters.Open.event,
    onDidCloseTextDocument: emitters.Close.event,
    onDidChangeTextDocument: emitters.Change.event,
    onDidChangeConfiguration: emitters.Configuration.event,
    onDidChangeWorkspaceFolders: emitters.Folders.event,
    onDidSaveTextDocument: never,
    onWillSaveTextDocument: never,
    onDidCreateFiles: never,
    onDidRenameFiles: never,
    onDidDeleteFiles: never,
    onWillCreateFiles: never,
    onWillRenameFiles: never,
    onWillDeleteFiles: never,
    onDidOpenNotebookDocument: never,
    onDidChangeNotebookDocument: never,
    onDidSaveNotebookDocument: never,
    onDidCloseNotebookDocument: never,
  };

  const matches = (selector, document) => {
    const fits = ({ language, scheme }) =>
      (!language || language === '*' || language === document.languageId) &&
      (!scheme || scheme === '*' || scheme === document.uri.scheme);
    const one = (filter) => fits(typeof filter === 'string' ? { language: filter } : filter);
    return (Array.isArray(selector) ? selector : [selector]).some(one);
  };

  const languages = {
    match: (selector, document) => (matches(selector, document) ? 10 : 0),
    createDiagnosticCollection: () => ({ set() {}, clear() {}, dispose() {} }),
    registerInlineCompletionItemProvider: (selector, provider) => {
      const entry = { selector, provider };
      providers.add(entry);
      return new Disposable(() => providers.delete(entry));
    },
    registerCompletionItemProvider: () => new Disposable(() => {}),
  };

  // Data types that vscode-languageclient derives its own from, and never makes here.
  const unused = (names) => Object.fromEntries(names.map((name) => [name, class {}]));
  // Numbers are all that it wants of these, for what it tells the server it can do.
  const numbers = (...names) => Object.fromEntries(names.map((name, at) => [name, at]));

  const api = {
    ...unused([
      'CallHierarchyItem',
      'CodeAction',
      'CodeLens',
      'CompletionItem',
      'Diagnostic',
      'DocumentLink',
      'InlayHint',
      'SymbolInformation',
      'TabInputCustom',
      'TabInputNotebook',
      'TabInputText',
      'TabInputTextDiff',
      'TypeHierarchyItem',
    ]),
    version: '1.91.0',
    env: { appName: 'a fake of VS Code', language: 'en', openExternal: async () => false },
    Uri,
    Disposable,
    EventEmitter,
    CancellationError,
    CancellationTokenSource,
    Position,
    Range,
    InlineCompletionItem,
    InlineCompletionList,
    StatusBarAlignment: { Left: 1, Right: 2 },
    LogLevel: { Off: 0, Trace: 1, Debug: 2, Info: 3, Warning: 4, Error: 5 },
    InlineCompletionTriggerKind: { Invoke: 0, Automatic: 1 },
    ProgressLocation: { SourceControl: 1, Window: 10, Notification: 15 },
    CodeActionKind: {},
    CodeActionTriggerKind: {},
    CompletionItemTag: numbers('', 'Deprecated'),
    CompletionTriggerKind: {},
    DiagnosticSeverity: numbers('Error', 'Warning', 'Information', 'Hint'),
    DiagnosticTag: numbers('', 'Unnecessary', 'Deprecated'),
    FileType: {},
    FoldingRangeKind: {},
    SignatureHelpTriggerKind: {},
    SymbolKind: {},
    SymbolTag: numbers('', 'Deprecated'),
    TextDocumentSaveReason: {},
    window,
    workspace,
    languages,
    commands: {
      registerCommand: (name, run) => {
        if (commands.has(name)) throw new Error(`command '${name}' already exists`);
        commands.set(name, run);
        return new Disposable(() => commands.delete(name));
      },
      executeCommand: async (name, ...args) => {
        if (!commands.has(name)) throw new Error(`command '${name}' not found`);
        const result = await commands.get(name)(...args);
        seen.ran.push([name, result ?? null]);
        changed();
        return result;
      },
    },
  };
  return { api, settings, commands, providers, emitters, answers, matches };
};
