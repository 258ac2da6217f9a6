-- Suggestions in the completion menu, by `textDocument/completion`, on Neovim 0.11 and
-- newer: without ghost text, beside the words of other language servers.
-- Ctrl-N and Ctrl-P choose, Ctrl-Y accepts.

vim.o.completeopt = "menuone,noselect,popup"
vim.lsp.enable("gitlab_completions")

vim.api.nvim_create_autocmd("LspAttach", {
  callback = function(attached)
    local client = vim.lsp.get_client_by_id(attached.data.client_id)
    if client.name == "gitlab_completions" then
      vim.lsp.completion.enable(true, client.id, attached.buf, { autotrigger = true })
    end
  end,
})
