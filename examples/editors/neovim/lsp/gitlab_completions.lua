-- The server: `vim.lsp.enable("gitlab_completions")` starts it, from Neovim 0.11 on.
-- It is attached to every file; where it suggests is its own decision.

return {
  cmd = { "gitlab-completions", "lsp" },
  root_markers = { ".git" },
  handlers = {
    -- For the status line: `%{get(g:, "gitlab_completions", "")}`.
    ["$/gitlab/status"] = function(_, status)
      vim.g.gitlab_completions = status.text
      vim.cmd.redrawstatus({ bang = true })
    end,
  },
  on_exit = vim.schedule_wrap(function()
    vim.g.gitlab_completions = "the server has ended"
    vim.cmd.redrawstatus({ bang = true })
  end),
  on_init = function(client)
    -- The lines of a buffer end in "\n" whatever those of its file do; Neovim forgets that
    -- in inline completion, and would show "^M".
    local request = client.request
    client.request = function(self, method, params, handler, buffer)
      if method ~= "textDocument/inlineCompletion" then
        return request(self, method, params, handler, buffer)
      end
      return request(self, method, params, function(err, answer, ...)
        for _, item in ipairs(answer and answer.items or {}) do
          item.insertText = item.insertText:gsub("\r\n", "\n")
        end
        return handler(err, answer, ...)
      end, buffer)
    end
  end,
  on_attach = function(client, buffer)
    -- `:GitLab explain`, `:GitLab doctor`, `:GitLab switchDirect off`; the server answers
    -- with a message.
    vim.api.nvim_buf_create_user_command(buffer, "GitLab", function(wish)
      local name = "gitlab-completions." .. table.remove(wish.fargs, 1)
      client:exec_cmd({ title = name, command = name, arguments = wish.fargs }, { bufnr = buffer })
    end, {
      nargs = "+",
      complete = function()
        return { "explain", "doctor", "switchDirect" }
      end,
    })
  end,
}
