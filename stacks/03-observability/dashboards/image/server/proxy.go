package main

import (
	"log"
	"net/http"
	"net/http/httputil"
	"net/url"
)

// proxyTo passes requests on to a server of the cluster, without what tells who asks. Where it cannot, the complaint is
// logged with its cause, and refuse answers with both.
func proxyTo(target *url.URL, complaint string, refuse func(w http.ResponseWriter, told string)) http.Handler {
	return &httputil.ReverseProxy{
		Rewrite: func(r *httputil.ProxyRequest) {
			r.SetURL(target)
			r.Out.Host = target.Host
			for _, name := range []string{"Authorization", "Cookie"} {
				r.Out.Header.Del(name)
			}
		},
		ErrorHandler: func(w http.ResponseWriter, _ *http.Request, err error) {
			told := complaint + ": " + err.Error()
			log.Print(told)
			refuse(w, told)
		},
	}
}
