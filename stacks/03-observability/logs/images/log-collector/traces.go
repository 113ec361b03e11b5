package main

import (
	"bytes"
	"regexp"
)

// Which lines belong to the one before them. `devenv logs` has the same rules (devenv/logs/lines.py), and the same
// cases test both: testdata/lines.json.
//
//   - a line that is blank, or begins with a blank, or closes a bracket; after a whole JSON object a blank one alone
//   - Caused by, Traceback, and how Python says that one exception led to another
//   - what ends a Python traceback: the first line after it that is not indented
//   - goroutines of Go's panics, with their calls
type traceKind struct {
	python bool
	golang bool
}

var (
	continuing = regexp.MustCompile(`^(Caused by\b|Suppressed: |Traceback \(most recent call last\)|` +
		`During handling of the above exception|The above exception was the direct cause|\.\.\. \d+ (more|common frames))`)
	goCall = regexp.MustCompile(`^(goroutine \d+ \[|created by |\[signal |exit status \d|[\w./*()\[\]{}…-]+\(.*\)$)`)
)

var (
	pythonTrace = []byte("Traceback (most recent call last)")
	goPanic     = []byte("panic: ")
	goFatal     = []byte("fatal error: ")
	goRoutine   = []byte("goroutine ")
)

// begin looks at the first line of an entry.
func (k *traceKind) begin(text []byte) {
	k.python = bytes.HasPrefix(text, pythonTrace)
	k.golang = bytes.HasPrefix(text, goPanic) || bytes.HasPrefix(text, goFatal) || bytes.HasPrefix(text, goRoutine)
}

// continues tells whether a line belongs to what is there, and remembers what that says about the next.
func (k *traceKind) continues(there, text []byte) bool {
	if len(text) == 0 {
		return true
	}
	if isObject(bytes.TrimRight(there, "\n")) {
		return false
	}
	switch text[0] {
	case ' ', '\t':
		return true
	case '}', ']', ')':
		return true
	}
	if continuing.Match(text) {
		k.python = k.python || bytes.HasPrefix(text, pythonTrace)
		return true
	}
	if k.golang {
		return goCall.Match(text)
	}
	if k.python {
		k.python = false
		return true
	}
	if bytes.HasPrefix(text, goRoutine) && bytes.Contains(there, goPanic) {
		k.golang = true
		return goCall.Match(text)
	}
	return false
}

// isObject tells whether a text may be a whole JSON object.
func isObject(text []byte) bool { return len(text) > 1 && text[0] == '{' && text[len(text)-1] == '}' }
