-- Ghost text by Neovim's own inline completion, from 0.12 on.
-- Tab accepts, Alt-Right the next word, Alt-] shows the next candidate.

vim.lsp.enable("gitlab_completions")
vim.lsp.inline_completion.enable()

-- Neovim goes on showing a suggestion while the author types along it, but would insert
-- all of it where it was shown first; so insert what is left, where the author is.
local function left(item)
  local start_row, start_col = item.range:to_extmark()
  local row, col = unpack(vim.api.nvim_win_get_cursor(0))
  if row - 1 ~= start_row or col < start_col then return nil end
  local typed = vim.api.nvim_get_current_line():sub(start_col + 1, col)
  return vim.startswith(item.insert_text, typed) and item.insert_text:sub(#typed + 1) or nil
end

local function accept(key, part)
  vim.keymap.set("i", key, function()
    local took = vim.lsp.inline_completion.get({
      on_accept = function(item)
        local text = left(item)
        if not text then return nil end
        if part then
          text = text:match("^%s*[%w_\128-\255]+") or text:match("^%s*[^%w%s]+") or text
          item.command.arguments[2] = part
        end
        item.insert_text, item.range = text, nil
        return item
      end,
    })
    if not took then
      vim.api.nvim_feedkeys(vim.keycode(key), "in", false)
    end
  end, { desc = "Accept GitLab's suggestion" })
end

accept("<Tab>")
accept("<M-Right>", "word")
vim.keymap.set("i", "<M-]>", vim.lsp.inline_completion.select, { desc = "Show GitLab's next candidate" })
