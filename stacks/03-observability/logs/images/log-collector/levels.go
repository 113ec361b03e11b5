package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"regexp"
	"strings"
)

const (
	mostFields = 100
	// A level stands at the beginning.
	levelWithin = 200
)

// Colours of terminals.
var colours = regexp.MustCompile("\x1b\\[[0-9;]*m")

var levelNames = map[string]string{
	"trace": "trace", "debug": "debug", "dbg": "debug", "info": "info", "information": "info", "notice": "info",
	"warn": "warning", "warning": "warning", "error": "error", "err": "error", "severe": "error",
	"fatal": "fatal", "critical": "fatal", "panic": "fatal", "emerg": "fatal", "alert": "fatal",
	// pino's and bunyan's numbers
	"10": "trace", "20": "debug", "30": "info", "40": "warning", "50": "error", "60": "fatal",
}

var levelKeys = []string{"level", "severity", "lvl", "levelname", "log.level"}

var (
	klog      = regexp.MustCompile(`^([IWEF])\d{4} \d\d:`)
	klogNames = map[byte]string{'I': "info", 'W': "warning", 'E': "error", 'F': "fatal"}
	named     = regexp.MustCompile(`(?i)\b(?:level|lvl|severity)=["']?([a-z]+)`)
	inWords   = regexp.MustCompile(`\b(TRACE|DEBUG|INFO|NOTICE|WARN|WARNING|ERROR|SEVERE|FATAL|CRITICAL|PANIC)\b|` +
		`\[(trace|debug|info|notice|warn|warning|error|fatal|critical|emerg|alert)\]`)
	traces = regexp.MustCompile(`^(panic: |fatal error: |Traceback \(most recent call last\))`)
)

// levelOf tells how grave an entry is; empty where it does not say.
func levelOf(text []byte, fields map[string]string) string {
	for _, key := range levelKeys {
		if value, ok := fields[key]; ok {
			return levelNames[strings.ToLower(value)]
		}
	}
	if len(fields) > 0 {
		return ""
	}
	told := levelOfLine(text)
	// Python writes it below a line that need not say how bad it is.
	if (told == "" || told == "info" || told == "debug") && bytes.Contains(text, append([]byte("\n"), pythonTrace...)) {
		return "error"
	}
	return told
}

func levelOfLine(text []byte) string {
	head, _, _ := bytes.Cut(text[:min(len(text), levelWithin)], []byte("\n"))
	if found := klog.FindSubmatch(head); found != nil {
		return klogNames[found[1][0]]
	}
	if found := named.FindSubmatch(head); found != nil {
		return levelNames[strings.ToLower(string(found[1]))]
	}
	if found := traces.FindSubmatch(head); found != nil {
		if found[1][0] == 'T' {
			return "error"
		}
		return "fatal"
	}
	if found := inWords.FindSubmatch(head); found != nil {
		return levelNames[strings.ToLower(string(found[1])+string(found[2]))]
	}
	return ""
}

// fieldsOf reads a JSON object into texts; nothing for what is none.
func fieldsOf(text []byte) map[string]string {
	if !isObject(text) {
		return nil
	}
	var object map[string]any
	decoder := json.NewDecoder(bytes.NewReader(text))
	decoder.UseNumber()
	if decoder.Decode(&object) != nil || decoder.InputOffset() != int64(len(text)) {
		return nil
	}
	fields := make(map[string]string, len(object))
	flatten(fields, "", object)
	return fields
}

func flatten(fields map[string]string, prefix string, object map[string]any) {
	for key, value := range object {
		if len(fields) >= mostFields {
			return
		}
		switch value := value.(type) {
		case map[string]any:
			flatten(fields, prefix+key+".", value)
		case string:
			fields[prefix+key] = value
		case nil:
			fields[prefix+key] = ""
		case json.Number, bool:
			fields[prefix+key] = fmt.Sprint(value)
		default:
			fields[prefix+key] = compact(value)
		}
	}
}

func compact(value any) string {
	var written bytes.Buffer
	encoder := json.NewEncoder(&written)
	encoder.SetEscapeHTML(false)
	if encoder.Encode(value) != nil {
		return ""
	}
	return strings.TrimSuffix(written.String(), "\n")
}
