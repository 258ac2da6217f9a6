// The container that JupyterLab loads: what webpack's module federation would build for
// an extension, by hand, so that there is nothing to build. JupyterLab calls `init` with
// the packages that it shares, then `get` for the module that package.json names.
(() => {
  const here = document.currentScript.src;
  let shared = {};

  // A shared package is a table of versions. JupyterLab's own are singletons: the one
  // that is loaded counts, else the highest.
  const share = async name => {
    const versions = Object.entries(shared[name] ?? {});
    if (!versions.length) return {}; // another application, without this part
    const loaded = versions.filter(([, each]) => each.loaded);
    const highest = (one, other) =>
      one[0].localeCompare(other[0], undefined, { numeric: true });
    const [, chosen] = (loaded.length ? loaded : versions).sort(highest).at(-1);
    return (await chosen.get())();
  };

  window._JUPYTERLAB ??= {};
  window._JUPYTERLAB['gitlab-completions-jupyterlab'] = {
    init: scope => {
      shared = scope;
    },
    get: async () => {
      const names = ['apputils', 'completer', 'coreutils', 'services', 'statusbar'];
      const parts = names.map(name => share(`@jupyterlab/${name}`));
      const [apputils, completer, coreutils, services, statusbar] =
        await Promise.all(parts);
      const { Widget } = await share('@lumino/widgets');
      const { makePlugin } = await import(new URL('plugin.js', here));
      const jupyter = { apputils, completer, coreutils, services, statusbar, Widget };
      return () => ({ __esModule: true, default: makePlugin(jupyter) });
    }
  };
})();
