package main

import (
	"log"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"
)

// How long the file before is read on once there is a later one: the runtime turns to it one stream after the other.
const overlap = 5 * time.Second

// source says whose lines these are.
type source struct {
	namespace, pod, uid, container string
	restart                        int
}

// run is one run of a container: its files, oldest first, and the lines that are being put together.
type run struct {
	source
	folder  string
	files   []*logFile
	streams [streamCount]assembler
	// When it was first seen; its labels are waited for.
	seen time.Time
	gone bool
}

func (r *run) key(file *logFile) string {
	return filepath.Join(filepath.Base(filepath.Dir(r.folder)), r.container, strconv.Itoa(r.restart), file.id)
}

// discover takes up the files that are there now; those that are gone are read to their end.
func (r *run) discover(names []string, known positions) {
	there := map[*logFile]bool{}
	for _, name := range names {
		path := filepath.Join(r.folder, name)
		found, err := os.Stat(path)
		if err != nil {
			continue // it was renamed just now: the next look finds it
		}
		file := r.find(path, found)
		if file == nil {
			if file, err = r.take(path, known); err != nil {
				log.Printf("%s cannot be read: %v", path, err)
				continue
			}
		}
		file.path = path
		there[file] = true
	}
	r.files = slices.DeleteFunc(r.files, func(file *logFile) bool { return file.finished && !there[file] })
	r.gone = len(there) == 0
}

// find is the file that is known by this path, and still is the same.
func (r *run) find(path string, found os.FileInfo) *logFile {
	for _, file := range r.files {
		if file.opened != nil && file.same(found) || file.opened == nil && file.path == path && isRotated(path) {
			return file
		}
	}
	return nil
}

// take opens a file, or recognises it as one that was compressed.
func (r *run) take(path string, known positions) (*logFile, error) {
	file, err := openLog(path)
	if err != nil {
		return nil, err
	}
	for _, other := range r.files {
		if file.id != "" && other.id == file.id {
			file.close()
			return other, nil
		}
	}
	if done, ok := known[r.key(file)]; ok && file.id != "" {
		if err := file.resume(done); err != nil {
			file.close()
			return nil, err
		}
	}
	r.files = append(r.files, file)
	slices.SortStableFunc(r.files, func(one, other *logFile) int {
		return strings.Compare(rank(one), rank(other))
	})
	return file, nil
}

// rank sorts rotated files by the time in their names, before the one that is written to.
func rank(file *logFile) string {
	_, stamp, _ := strings.Cut(filepath.Base(file.path), ".log")
	if stamp == "" {
		return "~"
	}
	return stamp
}

func isRotated(path string) bool { return !strings.HasSuffix(path, ".log") }

// read takes what is new, up to one buffer of each file; true when there may be more.
func (r *run) read(buffer []byte, now time.Time, give func(*entry)) bool {
	more := false
	for i, file := range r.files {
		if file.finished {
			continue
		}
		if file.id == "" {
			if err := file.identify(); err != nil || file.id == "" {
				continue
			}
		}
		end, err := file.read(buffer, func(read line, from place) {
			r.streams[read.stream].add(read, from, now, give)
		})
		if err != nil {
			log.Printf("%s is read no further: %v", file.path, err)
			end, file.superseded = true, time.Time{}.Add(1)
		}
		if !end {
			more = true
			// The next file's lines come after all of this one's.
			break
		}
		r.supersede(i, now)
	}
	for i := range r.streams {
		r.streams[i].settle(now, give)
	}
	return more
}

// supersede notes that a file was read to its end, and whether that is the last of it.
func (r *run) supersede(i int, now time.Time) {
	file := r.files[i]
	later := r.gone || i+1 < len(r.files) && r.files[i+1].id != ""
	if later && file.superseded.IsZero() {
		file.superseded = now
	}
	if !file.superseded.IsZero() && now.Sub(file.superseded) >= overlap {
		file.finished = true
		file.close()
	}
}

// over tells whether nothing is left of it.
func (r *run) over() bool {
	for i := range r.streams {
		if _, waits := r.streams[i].pending(); waits {
			return false
		}
	}
	return r.gone && len(r.files) == 0
}

// note writes down what of each file was given.
func (r *run) note(into positions) {
	for _, file := range r.files {
		if file.id == "" {
			continue
		}
		var done [streamCount]int64
		for i := range r.streams {
			// What a resumed file has not come to yet was given before.
			done[i] = max(file.offset, file.skip[i])
			if begins, waits := r.streams[i].pending(); waits && !before(r.files, file, begins.file) {
				done[i] = 0
				if begins.file == file {
					done[i] = begins.offset
				}
			}
		}
		into[r.key(file)] = done
	}
}

// before tells whether a file comes before another one.
func before(files []*logFile, file, other *logFile) bool {
	return slices.Index(files, file) < slices.Index(files, other)
}
