// How it stands, for the author: in the status bar, and in words on request.
export class Status {
  constructor(jupyter) {
    this._apputils = jupyter.apputils;
    this._last = 'nothing has been asked for yet';
    this._problem = null; // what was said once already
    this._Widget = jupyter.Widget;
    this.widget = new jupyter.Widget();
    this.widget.addClass('jp-StatusBar-TextItem');
    this.widget.addClass('gitlab-completions-status');
    this.widget.node.style.cursor = 'pointer';
    this.widget.node.onclick = () => this.explain();
    this.show({ text: 'GitLab Duo', problem: null });
  }

  show({ text, problem }) {
    this.widget.node.textContent = text;
    this.widget.node.title = problem ? say(problem) : 'Explain the last suggestion';
    this._warnOnce(problem);
    this._status = problem ? `${text}: ${say(problem)}` : text;
  }

  hear({ explanation, silence, problem, status }, explicit) {
    if (silence !== 'superseded') this._last = explanation;
    this.show({ ...status, problem: problem ?? status.problem });
    // Who asked is owed an answer.
    if (explicit && silence && silence !== 'superseded') this._notify(explanation);
  }

  explain() {
    const body = new this._Widget();
    const known = this._status.includes(this._last);
    for (const words of known ? [this._status] : [this._last, this._status]) {
      const paragraph = document.createElement('p');
      paragraph.textContent = words;
      body.node.append(paragraph);
    }
    const buttons = [this._apputils.Dialog.okButton()];
    return this._apputils.showDialog({ title: 'GitLab Duo', body, buttons });
  }

  _warnOnce(problem) {
    if (problem && problem.code !== this._problem) this._notify(say(problem));
    this._problem = problem?.code ?? null;
  }

  _notify(message) {
    this._apputils.Notification.warning(`GitLab Duo: ${message}`, { autoClose: 8000 });
  }
}

const say = ({ message, remedy }) => (remedy ? `${message}; ${remedy}` : message);
