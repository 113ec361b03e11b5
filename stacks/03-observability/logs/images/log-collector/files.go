package main

import (
	"bytes"
	"compress/gzip"
	"errors"
	"io"
	"io/fs"
	"os"
	"strings"
	"time"
)

const readSize = 256 << 10

// logFile is one file of a container's log. It is known by the time of its first line: the kubelet renames and
// compresses files, and file systems give numbers of files to others.
type logFile struct {
	path string
	// The first line's time, as it stands there; empty while there is none.
	id     string
	opened *os.File
	reader io.Reader
	// What was read and is no whole line yet; it begins at offset.
	rest   []byte
	offset int64
	// Where each stream was read to before, by an earlier collector.
	skip [streamCount]int64
	// Read to its end, and nothing more comes.
	finished bool
	// When a later file was first seen with content.
	superseded time.Time
	last       time.Time
}

// openLog opens a file and learns who it is.
func openLog(path string) (*logFile, error) {
	opened, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	file := &logFile{path: path, opened: opened}
	if err := file.rewind(0); err != nil {
		opened.Close()
		return nil, err
	}
	if err := file.identify(); err != nil {
		opened.Close()
		return nil, err
	}
	return file, nil
}

// rewind goes to a place of the content.
func (f *logFile) rewind(offset int64) error {
	if _, err := f.opened.Seek(0, io.SeekStart); err != nil {
		return err
	}
	f.reader, f.rest, f.offset = f.opened, nil, offset
	if strings.HasSuffix(f.path, ".gz") {
		unpacked, err := gzip.NewReader(f.opened)
		if err != nil {
			return err
		}
		f.reader = unpacked
		_, err = io.CopyN(io.Discard, unpacked, offset)
		return ignoreEnd(err)
	}
	_, err := f.opened.Seek(offset, io.SeekStart)
	return err
}

// identify reads the first line's time, if there is a first line.
func (f *logFile) identify() error {
	head := make([]byte, 64)
	n, err := io.ReadFull(f.reader, head)
	if err := ignoreEnd(err); err != nil {
		return err
	}
	if stamp, _, found := bytes.Cut(head[:n], []byte(" ")); found {
		f.id = string(stamp)
	} else if end := bytes.IndexByte(head[:n], '\n'); end >= 0 || n == len(head) {
		f.id = "not of a runtime"
	}
	return f.rewind(0)
}

// resume goes to where an earlier collector was.
func (f *logFile) resume(done [streamCount]int64) error {
	f.skip = done
	return f.rewind(min(done[stdout], done[stderr]))
}

// same tells whether this is what is at a path now.
func (f *logFile) same(found fs.FileInfo) bool {
	mine, err := f.opened.Stat()
	return err == nil && os.SameFile(mine, found)
}

// read gives the whole lines of one read, and whether it came to the end of what is there.
func (f *logFile) read(buffer []byte, take func(line, place)) (bool, error) {
	n, err := f.reader.Read(buffer)
	if n == 0 {
		return true, ignoreEnd(err)
	}
	content := buffer[:n]
	if len(f.rest) > 0 {
		content = append(f.rest, content...)
	}
	for {
		end := bytes.IndexByte(content, '\n')
		if end < 0 {
			break
		}
		f.take(content[:end], take)
		content = content[end+1:]
		f.offset += int64(end) + 1
	}
	if len(content) > longestEntry {
		f.take(content, take)
		f.offset += int64(len(content))
		content = nil
	}
	f.rest = bytes.Clone(content)
	return false, ignoreEnd(err)
}

func (f *logFile) take(raw []byte, take func(line, place)) {
	read, ok := parseLine(raw)
	if !ok {
		// Of a node that lost its power, say: it is kept as it is.
		read = line{at: f.last, stream: stdout, text: raw}
		if f.last.IsZero() {
			read.at = time.Now()
		}
	}
	f.last = read.at
	if f.offset >= f.skip[read.stream] {
		take(read, place{f, f.offset})
	}
}

func (f *logFile) close() {
	if f.opened != nil {
		f.opened.Close()
	}
	f.opened, f.reader, f.rest = nil, nil, nil
}

func ignoreEnd(err error) error {
	if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
		return nil
	}
	return err
}
