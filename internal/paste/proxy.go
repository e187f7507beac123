package paste

import (
	"strconv"

	"latchkey/internal/probe"
)

// A connection that was to go through a proxy fails there, not at the server
// that the rest of the line names. Runtimes have their own words for it.
var (
	throughProxy = words(`\bproxyconnect\b|\bProxyError\b|CONNECT tunnel|(?:tunnel\w*|connect\w*) (?:to|through|via|from) (?:the |a )?(?:https? |socks\w* )?proxy\b|` +
		`tunnel(?:ing)? (?:connection|socket|request).{0,40}(?:fail|refused|could not|cannot)|proxy (?:returns|tunnel|authentication|connect|refused|responded|replied|said)|` +
		`\bfrom proxy\b|ERR_(?:PROXY|TUNNEL)_CONNECTION_FAILED|proxy server is refusing|proxy.{0,30}\b407\b`)
	// asksForLogin is status 407, which only proxies send (RFC 9110 §15.5.8).
	asksForLogin = words(`\b407 Proxy|(?:error|fehler|erreur|errore|erro|エラー|错误)[^\n]{0,40}\(407\)|(?:status(?: ?code)?["']?\W{1,4}|HTTP(?:/[0-9.]+)? |response(?: code)?\W{1,3}|error\W{1,3})407(?:\s*$|\s*[^\w\s]| Proxy)`)
	httpNumber   = words(`(?:HTTP(?:/[0-9.]+)?(?: code)?|status ?(?:code)?|response(?: code)?|failed|code|returned|error)\W{1,4}([45][0-9]{2})(?:[^0-9.]|\.?$|\. )`)
	tunnelFailed = words(`TUNNEL_CONNECTION_FAILED`)
	noWayOut     = words(`(?:cannot|could not|unable to|failed to) connect to (?:the )?proxy|PROXY_CONNECTION_FAILED|proxy server is refusing|proxy refused`)
)

// readProxy finds what a proxy refused, and proxies that are not there.
func (r *reader) readProxy() {
	for i := range r.lines {
		l := &r.lines[i]
		if len(l.text) > 8000 || !throughProxy.MatchString(l.text) && !asksForLogin.MatchString(l.text) {
			continue
		}
		reply := probe.Reply{Line: oneLine(l.text, maxQuoted), Code: proxyStatus(l.text)}
		kind := probe.Kind("")
		switch {
		case reply.Code >= 500:
			kind = probe.Closed // it gave up behind itself
		case reply.Code != 0, tunnelFailed.MatchString(l.text):
			kind = probe.ProxyRefused
		case noWayOut.MatchString(l.text):
			kind = probe.NoConnection
		}
		for _, t := range transport {
			if kind == "" && t.words.MatchString(l.text) {
				kind = t.kind
			}
		}
		if kind == "" {
			continue
		}
		l.used = true
		r.see(Sighting{
			Phase: PhaseNetwork, Text: reply.Line, Program: true, rank: rankNetwork, at: l.at,
			Err: &probe.Error{Target: r.networkTarget(i), Stage: probe.ProxyStage, Kind: kind, Reply: reply, Err: errLine},
		})
	}
}

// proxyStatus is the HTTP status with which a proxy answered, 0 if none is
// named.
func proxyStatus(text string) int {
	if asksForLogin.MatchString(text) {
		return 407
	}
	n, _ := strconv.Atoi(group1(httpNumber, text)) // 0 for none
	return n
}
