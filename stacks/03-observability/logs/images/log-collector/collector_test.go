package main

import (
	"compress/gzip"
	"fmt"
	"os"
	"path/filepath"
	"testing"
	"time"
)

// world is a node's folder of logs with a collector that nothing but the test moves on.
type world struct {
	t      *testing.T
	logs   string
	spool  string
	now    time.Time
	reader *collector
	lines  int
}

func newWorld(t *testing.T) *world {
	w := &world{t: t, logs: t.TempDir(), spool: t.TempDir(), now: time.Now()}
	w.restart()
	return w
}

// restart is what a crash is: nothing but the disk is left.
func (w *world) restart() {
	kept, known, err := openSpool(w.spool, 1<<30)
	w.must(err)
	labelled, err := podsOfNode("node")
	w.must(err)
	w.reader = &collector{
		folder: w.logs, node: "node", pods: labelled, kept: kept, told: &metrics{spool: kept}, known: known, runs: map[string]*run{},
	}
}

func (w *world) must(err error) {
	w.t.Helper()
	if err != nil {
		w.t.Fatal(err)
	}
}

func (w *world) path(name string) string {
	folder := filepath.Join(w.logs, "shop_api-0_1234", "api")
	w.must(os.MkdirAll(folder, 0o700))
	return filepath.Join(folder, name)
}

// log writes numbered lines to a file.
func (w *world) log(name string, count int) {
	file, err := os.OpenFile(w.path(name), os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o600)
	w.must(err)
	for range count {
		w.lines++
		stamp := w.now.Add(time.Duration(w.lines)).UTC().Format(time.RFC3339Nano)
		_, err = fmt.Fprintf(file, "%s %s F line %d\n", stamp, streamNames[w.lines%streamCount], w.lines)
		w.must(err)
	}
	w.must(file.Close())
}

func (w *world) rename(name, other string) { w.must(os.Rename(w.path(name), w.path(other))) }

// compress does as the kubelet does with the older of the rotated files.
func (w *world) compress(name string) {
	content, err := os.ReadFile(w.path(name))
	w.must(err)
	packed, err := os.Create(w.path(name + ".gz"))
	w.must(err)
	writer := gzip.NewWriter(packed)
	_, err = writer.Write(content)
	w.must(err)
	w.must(writer.Close())
	w.must(packed.Close())
	w.must(os.Remove(w.path(name)))
}

// read moves the collector on, some time later.
func (w *world) read(later time.Duration) {
	w.now = w.now.Add(later)
	w.reader.look(w.now)
	buffer := make([]byte, 300)
	for w.reader.read(buffer, w.now) {
	}
}

func (w *world) keep() {
	if w.reader.rows.Len() > 0 {
		w.must(w.reader.keep())
	}
}

// check reads all segments: every line, once.
func (w *world) check() {
	w.t.Helper()
	w.read(looks)
	w.read(settled)
	w.keep()
	seen := map[string]int{}
	for _, number := range w.reader.kept.oldest(1 << 40) {
		content, err := os.ReadFile(w.reader.kept.path(number))
		w.must(err)
		for _, one := range rowsOf(w.t, content) {
			seen[one.Message]++
		}
	}
	for i := range w.lines {
		if count := seen[fmt.Sprint("line ", i+1)]; count != 1 {
			w.t.Errorf("line %d is there %d times", i+1, count)
		}
	}
	if len(seen) != w.lines {
		w.t.Errorf("%d lines of %d", len(seen), w.lines)
	}
}

func TestARotatedLogIsReadOnce(t *testing.T) {
	w := newWorld(t)
	w.log("0.log", 100)
	w.read(0)
	w.rename("0.log", "0.log.20261129-100000")
	w.log("0.log.20261129-100000", 10) // the runtime has not turned to the new one yet
	w.read(looks)
	w.log("0.log", 100)
	w.read(looks)
	w.rename("0.log", "0.log.20261129-100010")
	w.compress("0.log.20261129-100000")
	w.log("0.log", 5)
	w.read(looks)
	w.read(overlap)
	w.read(overlap)
	w.log("0.log", 5)
	w.check()
}

func TestACrashNeitherLosesNorDoubles(t *testing.T) {
	w := newWorld(t)
	w.log("0.log", 100)
	w.read(0)
	w.keep()
	w.log("0.log", 50)
	w.read(looks) // read, and not kept
	w.restart()
	w.read(looks)
	w.keep()
	w.restart()
	// Away while it is rotated twice.
	w.log("0.log", 7)
	w.rename("0.log", "0.log.20261129-100000")
	w.log("0.log", 100)
	w.rename("0.log", "0.log.20261129-100010")
	w.compress("0.log.20261129-100000")
	w.log("0.log", 100)
	w.log("1.log", 3)
	w.restart()
	w.check()
	w.restart()
	w.check()
}

func TestALogThatIsRemovedIsReadToItsEnd(t *testing.T) {
	w := newWorld(t)
	w.log("0.log", 3)
	w.reader.look(w.now) // open, and nothing read
	w.log("0.log", 100)
	w.must(os.RemoveAll(filepath.Dir(filepath.Dir(w.path("0.log")))))
	w.read(looks)
	w.read(overlap)
	w.read(looks)
	w.check()
	if len(w.reader.runs) != 0 {
		t.Errorf("still followed: %v", w.reader.runs)
	}
}

func TestASegmentThatWasNotNamedIsNotThere(t *testing.T) {
	w := newWorld(t)
	w.log("0.log", 10)
	w.read(0)
	w.read(settled)
	w.keep()
	// Killed after the first of the three steps.
	w.must(os.WriteFile(w.reader.kept.path(2)+unfinished, []byte("{}\n"), 0o600))
	w.restart()
	if len(w.reader.kept.oldest(1<<40)) != 1 {
		t.Error("a segment that the positions do not name is taken")
	}
	// Killed before the last of them.
	w.must(os.Rename(w.reader.kept.path(1), w.reader.kept.path(1)+unfinished))
	w.restart()
	w.check()
}

func TestAFullSpoolIsNoLoss(t *testing.T) {
	w := newWorld(t)
	w.log("0.log", 10)
	w.read(0)
	w.read(settled)
	w.keep()
	w.reader.kept.limit = 1
	if !w.reader.kept.full() {
		t.Error("reading goes on")
	}
}
