// Where the author is: in which file or notebook, and what is around the cursor.

// Characters of other cells that are sent: twice what the library sends on. Whole cells,
// so that what is above the cursor stays the same from key to key.
export const MOST_AROUND = 100_000;

// Returns null where no suggestion can be: in a console, say.
export function placeOf(widget, request) {
  const path = widget.context?.localPath;
  const notebook = widget.content;
  if (path === undefined) return null;
  if (notebook?.widgets && notebook.activeCell) return inNotebook(path, notebook);
  const cells = [{ kind: 'code', source: request.text }];
  return { path, cells, index: 0, language: null, editor: notebook?.editor ?? null };
}

function inNotebook(path, notebook) {
  const all = notebook.widgets.map(({ model }) => ({
    kind: model.type,
    source: model.sharedModel.getSource()
  }));
  const { cells, index } = around(all, notebook.activeCellIndex);
  const language = languageOf(notebook.model);
  return { path, cells, index, language, editor: notebook.activeCell.editor };
}

// What the kernel said it runs, else what it was chosen for; a notebook keeps both, and
// the first is blank until a kernel runs.
function languageOf(model) {
  const info = model?.getMetadata('language_info');
  const name = info?.name || model?.getMetadata('kernelspec')?.language;
  return name ? { name, extension: info?.file_extension } : {};
}

// Returns the cells nearest to the one at `index`, which is always among them.
export function around(cells, index, most = MOST_AROUND) {
  let [from, to] = [index, index + 1];
  let left = most;
  const fits = cell => cell !== undefined && cell.source.length <= left;
  while (fits(cells[from - 1])) left -= cells[--from].source.length;
  while (fits(cells[to])) left -= cells[to++].source.length;
  return { cells: cells.slice(from, to), index: index - from };
}
