package probe

import (
	"crypto/tls"
	"errors"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"
)

// loggedIn is a session that notes whether a token would have left.
type loggedIn struct{ logins int }

func (s *loggedIn) start() error   { return nil }
func (s *loggedIn) login() error   { s.logins++; return errors.New("refused") }
func (s *loggedIn) entered()       {}
func (s *loggedIn) goodbye() error { return nil }
func (s *loggedIn) release()       {}

// T38: whatever a session has done before, no token leaves without TLS.
func TestNoLoginWithoutTLS(t *testing.T) {
	for name, tt := range map[string]struct {
		facts *TLSFacts
		want  int
	}{"no TLS": {nil, 0}, "a handshake that did not end": {&TLSFacts{}, 0}, "TLS": {&TLSFacts{Version: "TLS 1.3"}, 1}} {
		k := &talk{p: &Prober{}, target: Target{Protocol: IMAP}, report: Report{Times: map[Stage]time.Duration{}, Mechanisms: []string{"XOAUTH2"}, TLS: tt.facts}}
		k.rec = newRecorder(IMAP, func() time.Duration { return 0 })
		s := &loggedIn{}
		if err := k.authenticate(s); err == nil || s.logins != tt.want {
			t.Errorf("%s: %d logins, want %d; %v", name, s.logins, tt.want, err)
		}
	}
}

// T44: the floor of TLS is written down, not left to the library's default,
// which the environment can lower.
func TestTransportSpeaksNoOldTLS(t *testing.T) {
	server := httptest.NewUnstartedServer(http.NotFoundHandler())
	server.TLS = &tls.Config{MinVersion: tls.VersionTLS10, MaxVersion: tls.VersionTLS11}
	server.StartTLS()
	defer server.Close()
	p := &Prober{Allow: Policy{Hosts: []string{server.Listener.Addr().String()}}}
	r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, server.URL, nil)
	if err != nil {
		t.Fatal(err)
	}
	var pe *Error
	if response, err := p.Transport().RoundTrip(r); !errors.As(err, &pe) || pe.Stage != TLSStage || pe.Kind != TLSOther {
		t.Errorf("a server of TLS 1.1: %v, %v", response, err)
	}
	for name, config := range map[string]*tls.Config{"web": p.Transport().(transport).base.(*http.Transport).TLSClientConfig} {
		if config.MinVersion != tls.VersionTLS12 || config.InsecureSkipVerify {
			t.Errorf("%s: TLS from %x, verified: %v", name, config.MinVersion, !config.InsecureSkipVerify)
		}
	}
}
