;;; dapmode.el --- a whole session of Emacs' dap-mode, without a screen  -*- lexical-binding: t -*-

;; A client that none of us wrote. Run by ../emacs.ts: emacs --batch -l dapmode.el
;;
;; Environment: DAP_PORT, or DAP_COMMAND, the command of an adapter as a JSON array; DAP_CONFIG, the launch or attach configuration as JSON; DAP_MODE:
;;   run   sets a breakpoint in DAP_FILE at DAP_LINE, runs to it, shows the stop, steps, deletes the breakpoint and
;;         runs to the end
;;   join  attaches to what is stopped already, shows the stop and leaves
;;
;; Prints one line for each thing that it sees: "stop NAME:LINE", "frame NAME:LINE", "variable NAME = VALUE",
;; "step NAME:LINE", "terminated", "left", "error TEXT". Ends with code 0 if all went as it should.

(package-initialize)
(require 'cl-lib)
(require 'json)
(setq dap-auto-configure-features nil
      dap-auto-show-output nil
      dap-breakpoints-file (expand-file-name "breakpoints" (getenv "HOME"))
      dap-utils-extension-path (expand-file-name "extensions" (getenv "HOME")))
(require 'dap-mode)
(defvar dap-exception-breakpoints nil)

(defvar t-stops 0 "How many times the program has stopped.")
(defvar t-ended nil "Whether the session has ended.")

(defun t-say (format-string &rest arguments)
  "Print a line of FORMAT-STRING and ARGUMENTS on standard output."
  (princ (concat (apply #'format format-string arguments) "\n")))

(defun t-wait (what predicate)
  "Handle input until PREDICATE holds; an error that names WHAT after 30 seconds."
  (let ((end (time-add nil 30)))
    (while (and (not (funcall predicate)) (time-less-p nil end))
      (accept-process-output nil 0.05))
    (unless (funcall predicate) (error "Timeout: %s (stops: %s)" what t-stops))))

(defun t-request (session command arguments)
  "Send COMMAND with ARGUMENTS in SESSION and return the response's body."
  (let (response)
    (dap--send-message (dap--make-request command arguments) (lambda (result) (setq response result)) session)
    (t-wait command (lambda () response))
    (gethash "body" response)))

(defun t-await-stop (number)
  "Wait until the program has stopped NUMBER times and dap-mode shows a frame; return the session."
  (t-wait (format "stop %s" number)
          (lambda () (and (>= t-stops number)
                          (dap--cur-session)
                          (dap--debug-session-active-frame (dap--cur-session)))))
  (dap--cur-session))

(defun t-place (frame)
  "FRAME as NAME:LINE."
  (format "%s:%s" (gethash "name" frame) (gethash "line" frame)))

(defun t-show (session)
  "Print the frames of SESSION's thread and the variables of its first scope."
  (let* ((thread (dap--debug-session-thread-id session))
         (top (dap--debug-session-active-frame session))
         (trace (t-request session "stackTrace" (list :threadId thread :startFrame 0 :levels 20)))
         (scopes (t-request session "scopes" (list :frameId (gethash "id" top))))
         (reference (gethash "variablesReference" (elt (gethash "scopes" scopes) 0)))
         (variables (t-request session "variables" (list :variablesReference reference))))
    (t-say "stop %s" (t-place top))
    (mapc (lambda (frame) (t-say "frame %s" (t-place frame))) (gethash "stackFrames" trace))
    (mapc (lambda (variable) (t-say "variable %s = %s" (gethash "name" variable) (gethash "value" variable)))
          (gethash "variables" variables))))

(defun t-start ()
  "Start the session of the environment."
  (let* ((json-object-type 'plist)
         (json-key-type 'keyword)
         (json-array-type 'vector)
         (configuration (json-read-from-string (getenv "DAP_CONFIG")))
         (command (append (json-read-from-string (or (getenv "DAP_COMMAND") "[]")) nil))
         (port (string-to-number (or (getenv "DAP_PORT") "0")))
         (server (if command (list :dap-server-path command) (list :debugServer port :host "127.0.0.1"))))
    (add-hook 'dap-stopped-hook (lambda (_session) (cl-incf t-stops)))
    (add-hook 'dap-terminated-hook (lambda (_session) (setq t-ended t)))
    (dap-start-debugging (append server configuration))))

(defun t-run ()
  "The whole session."
  (with-current-buffer (find-file-noselect (getenv "DAP_FILE"))
    (goto-char (point-min))
    (forward-line (1- (string-to-number (getenv "DAP_LINE"))))
    (let ((lsp--cur-workspace nil)) (dap-breakpoint-add))
    (t-start)
    (let ((session (t-await-stop 1)))
      (t-show session)
      (dap-next session)
      (t-await-stop 2)
      (t-say "step %s" (t-place (dap--debug-session-active-frame session)))
      (dap-breakpoint-delete-all)
      (dap-continue session (dap--debug-session-thread-id session))
      (t-wait "terminated" (lambda () t-ended))
      (t-say "terminated"))))

(defun t-join ()
  "Look at what is stopped, and leave."
  (t-start)
  (let ((session (t-await-stop 1)))
    (t-show session)
    (t-request session "disconnect" (list :restart :json-false))
    (t-say "left")))

(condition-case problem
    (progn
      (if (equal (getenv "DAP_MODE") "join") (t-join) (t-run))
      (kill-emacs 0))
  (error
   (t-say "error %s" (error-message-string problem))
   (kill-emacs 1)))

;;; dapmode.el ends here
