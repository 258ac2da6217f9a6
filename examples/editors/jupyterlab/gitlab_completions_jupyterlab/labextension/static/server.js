// Asks the server extension. `ServerConnection` adds the user's token, or the cookie
// with the XSRF token that Jupyter demands.
export class Server {
  constructor(jupyter) {
    this._connection = jupyter.services.ServerConnection;
    this._join = jupyter.coreutils.URLExt.join;
    // One author is one tab: a newer question of a tab takes the place of an older one.
    this._tab = crypto.randomUUID?.() ?? String(Math.random());
    this._turn = 0;
    this._told = Promise.resolve();
  }

  async suggest(question) {
    const turn = ++this._turn;
    return (await this._post('suggestions', { turn, ...question })).json();
  }

  async warmUp() {
    return (await (await this._post('status', {})).json()).status;
  }

  // Outcomes are told one after the other, and no one waits for them.
  tell(item, what, part = 'all') {
    const { id, option } = item;
    const post = () => this._post('outcomes', { id, option, what, part });
    this._told = this._told.then(post).catch(console.warn);
  }

  closed(path) {
    this._post('closed', { path }).catch(console.warn);
  }

  async _post(name, body) {
    const settings = this._connection.makeSettings();
    const url = this._join(settings.baseUrl, 'gitlab-completions', name);
    const sent = { method: 'POST', body: JSON.stringify({ tab: this._tab, ...body }) };
    const response = await this._connection.makeRequest(url, sent, settings);
    if (!response.ok) throw new Error(`GitLab Duo: the server says ${response.status}`);
    return response;
  }
}
