// The provider that JupyterLab asks at each key, and what became of what it gave.
import { placeOf } from './places.js';

const GHOST = // not the spacers that take its place
  '.jp-GhostText:not(.jp-GhostText-lineSpacer):not(.jp-GhostText-letterSpacer)';
const INVOKE = 0; // InlineCompletionTriggerKind.Invoke

export class Provider {
  name = 'GitLab Duo';
  identifier = 'gitlab-completions-jupyterlab:provider';

  // Debounce and what to do within a line are the session's, on the server. The timeout
  // is longer than the library's deadlines (60 s of a generation), so that its reason
  // arrives.
  schema = {
    properties: {},
    default: {
      enabled: true,
      debouncerDelay: 0,
      autoFillInMiddle: true,
      timeout: 65_000
    }
  };

  constructor(server, manager, heard) {
    this._server = server;
    this._manager = manager;
    this._heard = heard;
    this._live = null; // what was given last: by it outcomes are told
    this._shown = null;
    this._open = new WeakSet();
  }

  async fetch(request, context) {
    const place = placeOf(context.widget, request);
    if (place === null) return { items: [] };
    const { editor, ...where } = place;
    this._watch(context.widget);
    const before = stateOf(editor);
    const explicit = context.triggerKind === INVOKE;
    const answer = await this._server.suggest({ ...where, explicit });
    this._heard(answer, explicit);
    // JupyterLab would show it wherever the cursor is by now.
    const isHere = stateOf(editor) === before;
    const given = isHere ? answer.items : [];
    const items = given.map(item => ({ ...item, insertText: item.text }));
    const above = [...request.text].slice(0, request.offset).join('');
    if (items.length) this._give({ items, above, editor, widget: context.widget });
    else setTimeout(() => letTabGo(editor));
    return { items };
  }

  // Called when the author has accepted: which one it was is in the text.
  accepted() {
    const live = this._live;
    if (live === null) return;
    const text = sourceOf(live.editor);
    const taken = live.items
      .filter(item => text.startsWith(live.above + item.text))
      .sort((one, other) => one.text.length - other.text.length)
      .at(-1);
    if (taken) this._end(taken, 'accepted');
  }

  // Called when the author has sent the suggestion away.
  rejected() {
    const item = this._current();
    if (item) this._end(item, 'rejected');
  }

  // Inserts the next word or line. JupyterLab takes it for typing along the suggestion,
  // and keeps showing the rest.
  acceptPart(part) {
    const item = this._current();
    if (!item || item.insertText !== item.text) return; // the rest is under way
    const { editor } = this._live;
    const insert = item[part];
    const from = editor.getOffsetAt(editor.getCursorPosition());
    const selection = { anchor: from + insert.length };
    this._server.tell(item, 'accepted', part);
    // Not `replaceSelection`, which moves the cursor a moment after the text.
    editor.editor.dispatch({ changes: { from, insert }, selection });
  }

  _current() {
    const live = this._live;
    if (!live || !this._isShown(live)) return null;
    const ghost = live.editor.host.querySelector(GHOST)?.textContent;
    return live.items.find(each => each.insertText === ghost) ?? live.items[0];
  }

  _give(live) {
    this._live = live;
    setTimeout(() => {
      const item = this._live === live ? this._current() : null;
      if (item && item.id !== this._shown) {
        this._shown = item.id; // the same one, while the author types along it
        this._server.tell(item, 'shown');
      }
    });
  }

  _end(item, what) {
    this._live = null;
    this._server.tell(item, what);
  }

  _isShown({ widget }) {
    return this._manager.inline?.isActive(widget.id) ?? false;
  }

  _watch(widget) {
    if (this._open.has(widget)) return;
    this._open.add(widget);
    const { context } = widget;
    widget.disposed.connect(() => this._server.closed(context.localPath));
  }
}

// JupyterLab keeps Tab for a suggestion that was typed away, with none left to take.
function letTabGo(editor) {
  if (!editor || editor.isDisposed || editor.host.querySelector(GHOST)) return;
  editor.host.classList.remove('jp-mod-inline-completer-active');
}

const sourceOf = editor => editor?.model.sharedModel.getSource() ?? '';

function stateOf(editor) {
  if (!editor || editor.isDisposed) return null;
  const { line, column } = editor.getCursorPosition();
  return `${line}:${column}:${sourceOf(editor)}`;
}
