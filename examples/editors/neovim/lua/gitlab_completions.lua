-- Ghost text by `textDocument/inlineCompletion`: for Neovim 0.11, which has none of its
-- own, and for whom 0.12's own is too slow (it waits 200 ms before it asks the server).
-- The server decides when GitLab is asked, so it is told of each key at once.

local M, api = {}, vim.api
local ON_REQUEST, BY_ITSELF = 1, 2 -- the protocol's numbers
local space = api.nvim_create_namespace("gitlab_completions")
local ghosts, turn, cancel = {}, 0, nil -- the candidates; the first one is shown

-- What is left of the ghost behind what was typed along it; nil when it fits no longer.
local function left()
  local ghost, row, col = ghosts[1], unpack(api.nvim_win_get_cursor(0))
  local line = api.nvim_get_current_line()
  local typed = ghost and row == ghost.row and line:sub(#ghost.before + 1, col)
  local fits = typed and line == ghost.before .. typed .. ghost.after
  return fits and vim.startswith(ghost.insertText, typed) and ghost.insertText:sub(#typed + 1) or nil
end

local function draw()
  api.nvim_buf_clear_namespace(0, space, 0, -1)
  local text = left()
  if not text then
    ghosts = {}
    return
  end
  local lines = vim.tbl_map(function(line) return { { line, "Comment" } } end, vim.split(text, "\n"))
  local mark = { virt_text = table.remove(lines, 1), virt_text_pos = "inline", virt_lines = lines }
  local row, col = unpack(api.nvim_win_get_cursor(0))
  api.nvim_buf_set_extmark(0, space, row - 1, col, mark)
end

local function stop()
  if cancel then cancel() end
  turn, cancel = turn + 1, nil
end

local function ask(client, buffer, kind)
  stop()
  local mine, row, col = turn, unpack(api.nvim_win_get_cursor(0))
  local line = api.nvim_get_current_line()
  local params = vim.lsp.util.make_position_params(0, client.offset_encoding)
  params.context = { triggerKind = kind }
  local _, id = client:request("textDocument/inlineCompletion", params, function(err, answer)
    if err or mine ~= turn then return end
    cancel, ghosts = nil, answer.items
    for _, ghost in ipairs(ghosts) do
      ghost.client, ghost.row = client, row
      ghost.before, ghost.after = line:sub(1, col), line:sub(col + 1)
    end
    draw()
  end, buffer)
  cancel = function() client:cancel_request(id) end
end

-- Takes the ghost text, or its first "word" or "line"; false when there is none.
function M.accept(part)
  local text = left()
  if not text or text == "" then return false end
  if part == "word" then
    text = text:match("^%s*[%w_\128-\255]+") or text:match("^%s*[^%w%s]+") or text
  elseif part == "line" then
    text = text:match("^\n?[^\n]*")
  end
  local command, client = vim.deepcopy(ghosts[1].command), ghosts[1].client
  command.arguments[2] = part
  api.nvim_paste(text, false, -1)
  client:exec_cmd(command)
  return true
end

-- Shows the next candidate; asks for some when there is no other.
function M.next()
  local first = table.remove(ghosts, 1)
  ghosts[#ghosts + 1] = first
  draw()
  if #ghosts > 1 then return end
  for _, client in ipairs(vim.lsp.get_clients({ bufnr = 0, method = "textDocument/inlineCompletion" })) do
    ask(client, 0, ON_REQUEST)
  end
end

api.nvim_create_autocmd("LspAttach", {
  callback = function(attached)
    local client = vim.lsp.get_client_by_id(attached.data.client_id)
    if not client.server_capabilities.inlineCompletionProvider then return end
    local group = api.nvim_create_augroup("gitlab_completions." .. attached.buf, {})
    local function on(events, act)
      api.nvim_create_autocmd(events, {
        group = group,
        buffer = attached.buf,
        callback = function()
          if not client:is_stopped() then return act() end
          cancel, ghosts = nil, {}
          draw()
          return true -- which takes it away
        end,
      })
    end
    on({ "InsertEnter", "TextChangedI", "TextChangedP" }, function()
      draw()
      ask(client, attached.buf, BY_ITSELF)
    end)
    on("CursorMovedI", draw)
    on({ "InsertLeave", "LspDetach" }, function()
      stop()
      ghosts = {}
      draw()
    end)
  end,
})

return M
