package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"sort"
	"strconv"
	"strings"
	"sync"
)

// positions are where each stream of each file was given to.
type positions map[string][streamCount]int64

// spool keeps on disk what has to be sent, and what was read for it. Both change at the same moment: the file of
// positions names the last segment, so a segment that it does not name was never written.
type spool struct {
	folder string
	limit  int64

	mutex    sync.Mutex
	last     uint64
	sizes    map[uint64]int64
	total    int64
	appended chan struct{}
}

type state struct {
	Segment   uint64    `json:"segment"`
	Positions positions `json:"positions"`
}

const (
	stateName   = "positions.json"
	segmentName = "%020d.jsonl"
	unfinished  = ".new"
)

// openSpool finds what an earlier collector has left.
func openSpool(folder string, limit int64) (*spool, positions, error) {
	if err := os.MkdirAll(folder, 0o700); err != nil {
		return nil, nil, err
	}
	s := &spool{folder: folder, limit: limit, sizes: map[uint64]int64{}, appended: make(chan struct{}, 1)}
	read := state{Positions: positions{}}
	content, err := os.ReadFile(filepath.Join(folder, stateName))
	if err == nil {
		err = json.Unmarshal(content, &read)
	}
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, nil, fmt.Errorf("%s: %w", stateName, err)
	}
	s.last = read.Segment
	entries, err := os.ReadDir(folder)
	if err != nil {
		return nil, nil, err
	}
	for _, found := range entries {
		if err := s.adopt(found); err != nil {
			return nil, nil, err
		}
	}
	return s, read.Positions, nil
}

func (s *spool) adopt(found fs.DirEntry) error {
	name := strings.TrimSuffix(found.Name(), unfinished)
	number, err := strconv.ParseUint(strings.TrimSuffix(name, ".jsonl"), 10, 64)
	if err != nil || !strings.HasSuffix(name, ".jsonl") {
		return nil
	}
	path := filepath.Join(s.folder, found.Name())
	if name != found.Name() {
		if number != s.last {
			return os.Remove(path)
		}
		if err := os.Rename(path, s.path(number)); err != nil {
			return err
		}
	}
	info, err := os.Stat(s.path(number))
	if err != nil {
		return err
	}
	s.sizes[number] = info.Size()
	s.total += info.Size()
	return nil
}

func (s *spool) path(number uint64) string {
	return filepath.Join(s.folder, fmt.Sprintf(segmentName, number))
}

// append keeps rows, and that what they were made of was read.
func (s *spool) append(rows []byte, read positions) error {
	next := s.last + 1
	if err := write(s.path(next)+unfinished, rows); err != nil {
		return err
	}
	content, err := json.Marshal(state{next, read})
	if err != nil {
		return err
	}
	path := filepath.Join(s.folder, stateName)
	if err := write(path+unfinished, content); err != nil {
		return err
	}
	if err := os.Rename(path+unfinished, path); err != nil {
		return err
	}
	s.last = next
	if err := os.Rename(s.path(next)+unfinished, s.path(next)); err != nil {
		return err
	}
	s.mutex.Lock()
	s.sizes[next] = int64(len(rows))
	s.total += int64(len(rows))
	s.mutex.Unlock()
	select {
	case s.appended <- struct{}{}:
	default:
	}
	return nil
}

// full tells whether reading has to wait.
func (s *spool) full() bool { return s.bytes() >= s.limit }

func (s *spool) bytes() int64 {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	return s.total
}

// oldest are segments in the order in which they were written, as many as make up to so many bytes, one at least.
func (s *spool) oldest(most int64) []uint64 {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	numbers := make([]uint64, 0, len(s.sizes))
	for number := range s.sizes {
		numbers = append(numbers, number)
	}
	sort.Slice(numbers, func(i, j int) bool { return numbers[i] < numbers[j] })
	for i, number := range numbers {
		if most -= s.sizes[number]; most < 0 && i > 0 {
			return numbers[:i]
		}
	}
	return numbers
}

// remove drops segments that arrived.
func (s *spool) remove(numbers []uint64) error {
	for _, number := range numbers {
		if err := os.Remove(s.path(number)); err != nil {
			return err
		}
		s.mutex.Lock()
		s.total -= s.sizes[number]
		delete(s.sizes, number)
		s.mutex.Unlock()
	}
	return nil
}

func write(path string, content []byte) error {
	file, err := os.Create(path)
	if err != nil {
		return err
	}
	if _, err = file.Write(content); err == nil {
		err = file.Sync()
	}
	return errors.Join(err, file.Close())
}
