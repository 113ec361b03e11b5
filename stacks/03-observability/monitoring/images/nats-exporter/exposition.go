package main

import (
	"fmt"
	"sort"
	"strconv"
	"strings"
)

// exposition gathers samples by metric: the text format wants those of one metric together.
type exposition struct {
	samples map[string][]string
}

// labels are pairs of names and values.
type labels []string

func (e *exposition) add(metric string, value float64, with labels) {
	if e.samples == nil {
		e.samples = map[string][]string{}
	}
	pairs := make([]string, 0, len(with)/2)
	for i := 0; i+1 < len(with); i += 2 {
		pairs = append(pairs, fmt.Sprintf(`%s="%s"`, with[i], escaped.Replace(with[i+1])))
	}
	sample := fmt.Sprintf("%s{%s} %s", metric, strings.Join(pairs, ","), strconv.FormatFloat(value, 'g', -1, 64))
	e.samples[metric] = append(e.samples[metric], sample)
}

var escaped = strings.NewReplacer(`\`, `\\`, `"`, `\"`, "\n", `\n`)

// String is the whole text, ordered by metric. Everything is a gauge, as it is in the original.
func (e *exposition) String() string {
	names := make([]string, 0, len(e.samples))
	for name := range e.samples {
		names = append(names, name)
	}
	sort.Strings(names)
	var text strings.Builder
	for _, name := range names {
		fmt.Fprintf(&text, "# TYPE %s gauge\n%s\n", name, strings.Join(e.samples[name], "\n"))
	}
	return text.String()
}
