// The plugin: registers the provider, its commands and its place in the status bar.
import { Provider } from './provider.js';
import { Server } from './server.js';
import { Status } from './status.js';

const ACTIVE = '.jp-mod-inline-completer-active';
// Beside JupyterLab's own Alt+[, Alt+] and Alt+\ for inline completions.
const KEYS = { word: 'Alt ;', line: "Alt '" };

export function makePlugin(jupyter) {
  const { apputils, completer, statusbar } = jupyter;
  const optional = [apputils.ICommandPalette, statusbar.IStatusBar];
  return {
    id: 'gitlab-completions-jupyterlab:plugin',
    description: 'Inline completions from GitLab Duo.',
    autoStart: true,
    requires: [completer.ICompletionProviderManager],
    optional: optional.filter(Boolean),
    activate: (app, manager, palette, bar) => {
      const server = new Server(jupyter);
      const status = new Status(jupyter);
      const heard = (answer, explicit) => status.hear(answer, explicit);
      const provider = new Provider(server, manager, heard);
      manager.registerInlineProvider(provider);
      addCommands(app, palette, provider, status);
      bar?.registerStatusItem('gitlab-completions:status', {
        item: status.widget,
        align: 'right'
      });
      server.warmUp().then(told => status.show(told), console.warn);
    }
  };
}

function addCommands(app, palette, provider, status) {
  const add = (name, label, execute) => {
    const command = `gitlab-completions:${name}`;
    app.commands.addCommand(command, { label: `GitLab Duo: ${label}`, execute });
    palette?.addItem({ command, category: 'Inline Completer' });
    return command;
  };
  for (const [part, keys] of Object.entries(KEYS)) {
    const take = () => provider.acceptPart(part);
    const command = add(`accept-${part}`, `Accept Next ${title(part)}`, take);
    app.commands.addKeyBinding({ command, keys: [keys], selector: ACTIVE });
  }
  add('explain', 'Explain Last Suggestion', () => status.explain());
  app.commands.commandExecuted.connect((_, { id }) => {
    if (id === 'inline-completer:accept') provider.accepted();
  });
  const onKey = event => {
    if (event.key === 'Escape' && event.target.closest?.(ACTIVE)) provider.rejected();
  };
  document.addEventListener('keydown', onKey, true);
}

const title = word => word[0].toUpperCase() + word.slice(1);
