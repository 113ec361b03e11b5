package main

import (
	"cmp"
	"compress/gzip"
	"io"
	"io/fs"
	"log"
	"mime"
	"net/http"
	"path"
	"strings"
)

// pageFiles serves what was built for the browser. A file NAME.gz is kept compressed and served as NAME; /logs and
// what is below /d/ are the page's own, and get the page.
type pageFiles struct{ files fs.FS }

func (p *pageFiles) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if r.Method != http.MethodGet && r.Method != http.MethodHead {
		w.Header().Set("Allow", "GET, HEAD")
		http.Error(w, "the page is read by GET", http.StatusMethodNotAllowed)
		return
	}
	name := strings.TrimPrefix(r.URL.Path, "/")
	if name == "" || name == "logs" || strings.HasPrefix(name, "d/") {
		name = "index.html"
	}
	if name == "index.html" || name == "licences.txt" {
		w.Header().Set("Cache-Control", "no-cache")
	} else {
		// Names of all others tell their content.
		w.Header().Set("Cache-Control", "public, max-age=31536000, immutable")
	}
	if packed, err := p.files.Open(name + ".gz"); err == nil {
		defer packed.Close()
		servePacked(w, r, name, packed)
		return
	}
	if !fs.ValidPath(name) {
		http.NotFound(w, r)
		return
	}
	if _, err := fs.Stat(p.files, name); err != nil {
		w.Header().Del("Cache-Control")
		http.NotFound(w, r)
		return
	}
	http.ServeFileFS(w, r, p.files, name)
}

func servePacked(w http.ResponseWriter, r *http.Request, name string, packed io.Reader) {
	w.Header().Set("Content-Type", cmp.Or(mime.TypeByExtension(path.Ext(name)), "text/plain; charset=utf-8"))
	w.Header().Set("Vary", "Accept-Encoding")
	content := packed
	if strings.Contains(r.Header.Get("Accept-Encoding"), "gzip") {
		w.Header().Set("Content-Encoding", "gzip")
	} else if unpacked, err := gzip.NewReader(packed); err == nil {
		content = unpacked
	}
	if _, err := io.Copy(w, content); err != nil {
		log.Printf("%s was not taken: %v", name, err)
	}
}
