-- Suggestions in the completion menu, by `textDocument/completion`, on Neovim 0.11: beside
-- what other language servers know. (0.12 has ghost text of its own, so the server does
-- not answer for a menu there.)
-- Ctrl-N and Ctrl-P choose, Ctrl-Y accepts.

vim.o.completeopt = "menuone,noselect,popup"
vim.lsp.enable("gitlab_completions")

vim.api.nvim_create_autocmd("LspAttach", {
  callback = function(attached)
    local client = vim.lsp.get_client_by_id(attached.data.client_id)
    if client.name == "gitlab_completions" then
      vim.lsp.completion.enable(true, client.id, attached.buf, {
        autotrigger = true,
        convert = function(item) -- left to itself, it would insert no more than a word
          return { word = item.textEdit.newText:match("^[^\r\n]*") }
        end,
      })
    end
  end,
})

-- The other lines, when the suggestion is accepted: a menu would indent them once more.
vim.api.nvim_create_autocmd("CompleteDone", {
  callback = function()
    local lsp = vim.tbl_get(vim.v.completed_item, "user_data", "nvim", "lsp")
    local client = lsp and vim.lsp.get_client_by_id(lsp.client_id)
    if client and client.name == "gitlab_completions" and vim.v.event.reason == "accept" then
      local more = lsp.completion_item.textEdit.newText:match("\r?\n.*") or ""
      vim.api.nvim_put(vim.split(more, "\r?\n"), "c", false, true)
    end
  end,
})
