package main

import (
	"bytes"
	"time"
)

// What a container runtime writes for each line: time, stream, P (to be continued) or F, text.
// https://github.com/kubernetes/design-proposals-archive/blob/main/node/kubelet-cri-logging.md
type line struct {
	at      time.Time
	stream  int
	partial bool
	text    []byte
}

const (
	stdout = iota
	stderr
	streamCount
)

var streamNames = [streamCount]string{"stdout", "stderr"}

// parseLine reads a line without its end; false for what no runtime writes.
func parseLine(raw []byte) (line, bool) {
	stamp, rest, _ := bytes.Cut(raw, []byte(" "))
	stream, rest, _ := bytes.Cut(rest, []byte(" "))
	tags, text, found := bytes.Cut(rest, []byte(" "))
	at, err := time.Parse(time.RFC3339Nano, string(stamp))
	if err != nil || !found || len(tags) == 0 {
		return line{}, false
	}
	read := line{at: at, text: text, partial: tags[0] == 'P'}
	switch string(stream) {
	case "stdout":
		read.stream = stdout
	case "stderr":
		read.stream = stderr
	default:
		return line{}, false
	}
	return read, true
}

// place is where something begins: an offset in one of a container's files.
type place struct {
	file   *logFile
	offset int64
}

// entry is one message of a container: a line, or lines that belong together.
type entry struct {
	place
	at     time.Time
	last   time.Time
	stream int
	text   []byte
	trace  traceKind
}

const (
	longestEntry = 1 << 20
	// Lines of one stack trace are written at once.
	longestPause = 2 * time.Second
	// How long the next line is waited for, which may belong to the one before.
	settled = 500 * time.Millisecond
	// How long the rest of a line is waited for.
	abandoned = 10 * time.Second
)

// assembler makes entries of one stream's lines.
type assembler struct {
	// The beginning of a line whose end is not there yet.
	begun *entry
	// What the next line may still belong to.
	open    *entry
	touched time.Time
}

// add takes the next line of the stream and gives what is complete by it.
func (a *assembler) add(read line, from place, now time.Time, emit func(*entry)) {
	a.touched = now
	if a.begun != nil {
		a.begun.text = append(a.begun.text, read.text...)
	} else {
		a.begun = &entry{place: from, at: read.at, last: read.at, stream: read.stream, text: bytes.Clone(read.text)}
	}
	if read.partial && len(a.begun.text) < longestEntry {
		return
	}
	whole := a.begun
	a.begun = nil
	whole.text = bytes.TrimSuffix(whole.text, []byte("\r"))
	if a.open != nil && whole.at.Sub(a.open.last) <= longestPause &&
		len(a.open.text)+len(whole.text) < longestEntry && a.open.trace.continues(a.open.text, whole.text) {
		a.open.text = append(append(a.open.text, '\n'), whole.text...)
		a.open.last = whole.at
		return
	}
	a.flush(emit)
	whole.trace.begin(whole.text)
	a.open = whole
}

func (a *assembler) flush(emit func(*entry)) {
	if a.open != nil {
		a.open.text = bytes.TrimRight(a.open.text, " \t\n")
		emit(a.open)
		a.open = nil
	}
}

// settle gives what nothing more is expected for.
func (a *assembler) settle(now time.Time, emit func(*entry)) {
	if a.begun != nil {
		if now.Sub(a.touched) < abandoned {
			return
		}
		a.flush(emit)
		a.open, a.begun = a.begun, nil
	}
	if a.open != nil && now.Sub(a.touched) >= settled {
		a.flush(emit)
	}
}

// pending is where the first thing begins that was read and not given yet.
func (a *assembler) pending() (place, bool) {
	if a.open != nil {
		return a.open.place, true
	}
	if a.begun != nil {
		return a.begun.place, true
	}
	return place{}, false
}
