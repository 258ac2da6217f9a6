// How it stands, for the author: in the status bar, and in words on request.

const AGAIN_MS = 600_000; // then a problem that is still there may be said again

export class Status {
  constructor(jupyter) {
    this._jupyter = jupyter;
    this._last = 'nothing has been asked for yet';
    this._said = new Map(); // when each problem was said, by its code
    this.widget = new jupyter.Widget();
    this.widget.addClass('jp-StatusBar-TextItem');
    this.widget.addClass('gitlab-completions-status');
    this.widget.node.style.cursor = 'pointer';
    this.widget.node.onclick = () => this.explain();
    this._write('GitLab Duo', null);
  }

  // How routing stands. Why direct is not in use is a problem too, though none for the
  // author: only what keeps suggestions away is said.
  show({ health, text, problem }) {
    this._write(text, problem);
    if (health === 'unavailable') this._warnOnce(problem);
  }

  // What a question brought. Who asked is always owed an answer.
  hear({ explanation, silence, problem, status }, explicit) {
    if (silence !== 'superseded') this._last = explanation;
    this._write(status.text, problem ?? status.problem);
    if (silence === 'superseded' || silence === null) return;
    if (explicit) this._notify(explanation);
    else this._warnOnce(problem);
  }

  explain() {
    const { apputils, Widget } = this._jupyter;
    const body = new Widget();
    const known = this._status.includes(this._last);
    for (const words of known ? [this._status] : [this._last, this._status]) {
      const paragraph = document.createElement('p');
      paragraph.textContent = words;
      body.node.append(paragraph);
    }
    const buttons = [apputils.Dialog.okButton()];
    return apputils.showDialog({ title: 'GitLab Duo', body, buttons });
  }

  _write(text, problem) {
    this._status = problem ? `${text}: ${say(problem)}` : text;
    this.widget.node.textContent = text;
    this.widget.node.title = this._status;
  }

  _warnOnce(problem) {
    const now = performance.now();
    if (!problem || now - (this._said.get(problem.code) ?? -Infinity) < AGAIN_MS) return;
    this._said.set(problem.code, now);
    this._notify(say(problem));
  }

  _notify(message) {
    const { Notification } = this._jupyter.apputils;
    Notification.warning(`GitLab Duo: ${message}`, { autoClose: 8000 });
  }
}

const say = ({ message, remedy }) => (remedy ? `${message}; ${remedy}` : message);
