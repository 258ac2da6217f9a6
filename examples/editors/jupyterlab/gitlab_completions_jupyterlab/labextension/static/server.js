// Asks the server extension. `ServerConnection` adds the user's token, or the cookie
// with the XSRF token that Jupyter demands.
export class Server {
  constructor(jupyter) {
    this._connection = jupyter.services.ServerConnection;
    this._join = jupyter.coreutils.URLExt.join;
    // One author is one tab: a newer question of a tab takes the place of an older one.
    this._tab = crypto.randomUUID?.() ?? String(Math.random());
  }

  async suggest(question) {
    return (await this._post('suggestions', question)).json();
  }

  async warmUp() {
    return (await (await this._post('status', {})).json()).status;
  }

  // An outcome is told, and no one waits for it.
  tell(item, what, part = 'all') {
    const { id, option } = item;
    this._post('outcomes', { id, option, what, part }).catch(console.warn);
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
