-- Ghost text by lua/gitlab_completions.lua, on Neovim 0.11 and newer.
-- Tab accepts, Alt-Right the next word, Alt-Down the next line; Alt-] asks, and shows the
-- next candidate.

local gitlab = require("gitlab_completions")
vim.lsp.enable("gitlab_completions")

local function accept(key, part)
  -- Not as an `expr`: that is asked before the keys typed ahead of it are in the text.
  vim.keymap.set("i", key, function()
    if not gitlab.accept(part) then
      vim.api.nvim_feedkeys(vim.keycode(key), "in", false)
    end
  end, { desc = "Accept GitLab's suggestion" })
end

accept("<Tab>")
accept("<M-Right>", "word")
accept("<M-Down>", "line")
vim.keymap.set("i", "<M-]>", gitlab.next, { desc = "Show GitLab's next candidate" })
