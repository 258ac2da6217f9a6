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
  on_attach = function(client, buffer)
    -- `:GitLab explain`, `:GitLab doctor`, `:GitLab switchDirect off`
    vim.api.nvim_buf_create_user_command(buffer, "GitLab", function(wish)
      local name = "gitlab-completions." .. table.remove(wish.fargs, 1)
      client:request("workspace/executeCommand", { command = name, arguments = wish.fargs }, function(err, said)
        if err or type(said) == "string" then
          vim.notify(err and err.message or said, vim.log.levels[err and "ERROR" or "INFO"])
        end
      end, buffer)
    end, {
      nargs = "+",
      complete = function()
        return { "explain", "doctor", "switchDirect" }
      end,
    })
  end,
}
