package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"testing"
	"time"
)

type wanted struct {
	Message, Level string
	Fields         map[string]string
}

func rowsOf(t *testing.T, written []byte) []row {
	t.Helper()
	var rows []row
	decoder := json.NewDecoder(bytes.NewReader(written))
	for decoder.More() {
		var one row
		if err := decoder.Decode(&one); err != nil {
			t.Fatal(err)
		}
		rows = append(rows, one)
	}
	return rows
}

// The cases are those of tests/unit/logs/test_lines.py too.
func TestLinesBecomeEntries(t *testing.T) {
	content, err := os.ReadFile("testdata/lines.json")
	if err != nil {
		t.Fatal(err)
	}
	var cases []struct {
		What    string
		Lines   []string
		Entries []wanted
	}
	if err := json.Unmarshal(content, &cases); err != nil {
		t.Fatal(err)
	}
	for _, one := range cases {
		t.Run(one.What, func(t *testing.T) {
			var assembled assembler
			var written bytes.Buffer
			emit := func(done *entry) {
				if err := writeRow(&written, source{}, done, "", ""); err != nil {
					t.Fatal(err)
				}
			}
			at := time.Now()
			for _, text := range one.Lines {
				assembled.add(line{at: at, text: []byte(text)}, place{}, at, emit)
			}
			assembled.settle(at.Add(settled), emit)
			rows := rowsOf(t, written.Bytes())
			if len(rows) != len(one.Entries) {
				t.Fatalf("%d entries: %+v", len(rows), rows)
			}
			for i, want := range one.Entries {
				if rows[i].Message != want.Message || rows[i].Level != want.Level || !maps.Equal(rows[i].Fields, want.Fields) {
					t.Errorf("got  %+v\nwant %+v", rows[i], want)
				}
			}
		})
	}
}

func TestPartsOfALineAreJoinedPerStream(t *testing.T) {
	var streams [streamCount]assembler
	var got []string
	emit := func(done *entry) { got = append(got, fmt.Sprint(streamNames[done.stream], " ", string(done.text))) }
	now := time.Now()
	for _, raw := range []string{
		"2026-11-29T10:00:00.1Z stdout P a",
		"2026-11-29T10:00:00.2Z stderr F x",
		"2026-11-29T10:00:00.3Z stdout P b",
		"2026-11-29T10:00:00.4Z stdout F c",
		"2026-11-29T10:00:00.5Z stdout F  indented",
		"2026-11-29T10:00:09.5Z stdout F  indented, much later",
	} {
		read, ok := parseLine([]byte(raw))
		if !ok {
			t.Fatal(raw)
		}
		streams[read.stream].add(read, place{}, now, emit)
	}
	for i := range streams {
		streams[i].settle(now.Add(settled), emit)
	}
	want := []string{"stdout abc\n indented", "stdout  indented, much later", "stderr x"}
	if fmt.Sprint(got) != fmt.Sprint(want) {
		t.Errorf("got %q, want %q", got, want)
	}
}

func TestWhatNoRuntimeWritesIsNoLine(t *testing.T) {
	for _, raw := range []string{"", "text", "2026-11-29T10:00:00Z stdout", "2026-11-29T10:00:00Z else F a", "now stdout F a"} {
		if _, ok := parseLine([]byte(raw)); ok {
			t.Errorf("%q is taken as a line", raw)
		}
	}
}
