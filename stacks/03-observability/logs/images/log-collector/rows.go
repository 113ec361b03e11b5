package main

import (
	"bytes"
	"encoding/json"
	"strings"
)

const timeFormat = "2006-01-02 15:04:05.000000000"

// row is an entry as the table has it.
type row struct {
	Timestamp string            `json:"timestamp"`
	Namespace string            `json:"namespace"`
	Pod       string            `json:"pod"`
	Container string            `json:"container"`
	Node      string            `json:"node"`
	Stack     string            `json:"stack"`
	Stream    string            `json:"stream"`
	Level     string            `json:"level"`
	Message   string            `json:"message"`
	Fields    map[string]string `json:"fields,omitempty"`
	UID       string            `json:"pod_uid"`
	Restart   int               `json:"restart"`
	Offset    int64             `json:"offset"`
}

// writeRow appends a row as a line of JSON, which is what ClickHouse calls JSONEachRow.
func writeRow(into *bytes.Buffer, from source, done *entry, node, stack string) error {
	text := done.text
	if bytes.IndexByte(text, 0x1b) >= 0 {
		text = colours.ReplaceAll(text, nil)
	}
	fields := fieldsOf(text)
	return row{
		Timestamp: done.at.UTC().Format(timeFormat),
		Namespace: from.namespace,
		Pod:       from.pod,
		Container: from.container,
		Node:      node,
		Stack:     stack,
		Stream:    streamNames[done.stream],
		Level:     levelOf(text, fields),
		Message:   strings.ToValidUTF8(string(text), "\uFFFD"),
		Fields:    fields,
		UID:       from.uid,
		Restart:   from.restart,
		Offset:    done.offset,
	}.write(into)
}

func (r row) write(into *bytes.Buffer) error {
	encoder := json.NewEncoder(into)
	encoder.SetEscapeHTML(false)
	return encoder.Encode(r)
}
