package exchange

import (
	"crypto/tls"
	"errors"
	"net"
	"strings"
	"time"

	"latchkey/internal/corpus"
	"latchkey/internal/lab/world"
)

// errReplayed ends a conversation as a recorded answer says.
var errReplayed = errors.New("exchange: closed after a recorded answer")

// replayed gives the recorded answer of a stage in place of the state's own.
// It reports whether there was one; errReplayed says that the conversation is
// over.
func (c *conn) replayed(stage corpus.Stage, tag string) (bool, error) {
	var lines []string
	var closes bool
	c.do(func(s *world.State) {
		rec := s.Recorded(corpus.Where(c.protocol))
		if rec == nil || rec.Stage != stage {
			return
		}
		v := c.values(s)
		v["tag"] = tag
		for _, l := range rec.Lines {
			lines = append(lines, corpus.Fill(l, v))
		}
		closes = rec.Closes
	})
	if lines == nil {
		return false, nil
	}
	err := c.say(lines...)
	if err == nil && closes {
		err = errReplayed
	}
	return true, err
}

// values are what stands in a recorded answer's braces.
func (c *conn) values(s *world.State) map[string]string {
	peer, _, err := net.SplitHostPort(c.raw.RemoteAddr().String())
	if err != nil {
		peer = "unknown"
	}
	return map[string]string{
		"server": c.server.fullName(), "name": c.server.name, "bracket": strings.Trim(c.server.bracket(), "[]"),
		"time": s.Now().Format("2006-01-02T15:04:05.000Z"), "date": s.Now().Format(time.RFC1123Z), "request_id": requestID(s), "peer": peer,
	}
}

// certificate is what the server shows: another one where something stands in
// between.
func (e *Server) certificate(fault world.Fault) *tls.Config {
	switch fault {
	case world.ForeignAuthority:
		return e.foreign
	case world.ForeignName:
		return e.otherName
	}
	return e.tls
}
