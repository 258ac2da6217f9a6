;;; gitlab-completions.el --- GitLab's suggestions as ghost text -*- lexical-binding: t -*-
;; Run with Emacs 30.2 and the Eglot and the completion preview that it comes with.
;;
;; Tab takes what is shown behind the cursor, C-M-i lists what there is.  Eglot has one
;; server for a buffer, so this is for modes in which you have no other.

(require 'eglot)

(add-to-list 'eglot-server-programs
             '((python-mode python-ts-mode) . ("gitlab-completions" "lsp")))
(add-hook 'python-base-mode-hook #'eglot-ensure)

;; A folder's .dir-locals.el could send what you write there to another instance, and Emacs
;; would take that from it unasked.
(put 'eglot-workspace-configuration 'safe-local-variable nil)

;; Suggest behind blanks and brackets too, not only within words.
(setopt completion-preview-minimum-symbol-length nil)
(add-hook 'eglot-managed-mode-hook #'completion-preview-mode)

(provide 'gitlab-completions)
;;; gitlab-completions.el ends here
