package bench

import (
	"errors"
	"io"
	"net"
	"slices"
	"strings"
	"testing"

	"github.com/emersion/go-smtp"
)

// sink is the next hop of the submission servers: it takes what they have let
// through and puts it into Dovecot's mailboxes. Nothing leaves the machine.
type sink struct {
	port int
	d    *Dovecot
}

func startSink(t testing.TB, d *Dovecot) *sink {
	t.Helper()
	l, err := net.Listen("tcp4", address(0))
	if err != nil {
		t.Fatalf("bench: %v", err)
	}
	s := &sink{port: l.Addr().(*net.TCPAddr).Port, d: d}
	server := smtp.NewServer(s)
	server.Domain = "sink.lab.test"
	server.MaxLineLength = 16384
	done := make(chan error, 1)
	go func() { done <- server.Serve(l) }()
	t.Cleanup(func() {
		_ = server.Close()
		if err := <-done; err != nil && !errors.Is(err, smtp.ErrServerClosed) && !errors.Is(err, net.ErrClosed) {
			t.Errorf("bench: sink: %v", err)
		}
	})
	return s
}

// NewSession implements smtp.Backend.
func (s *sink) NewSession(*smtp.Conn) (smtp.Session, error) { return &delivery{sink: s}, nil }

// delivery is one message on its way.
type delivery struct {
	sink *sink
	from string
	to   []string
}

func (v *delivery) Mail(from string, _ *smtp.MailOptions) error {
	v.from = from
	return nil
}

func (v *delivery) Rcpt(to string, _ *smtp.RcptOptions) error {
	to = strings.ToLower(to)
	if !slices.Contains(v.sink.d.users, to) {
		return &smtp.SMTPError{Code: 550, EnhancedCode: smtp.EnhancedCode{5, 1, 1}, Message: "no such mailbox"}
	}
	v.to = append(v.to, to)
	return nil
}

func (v *delivery) Data(r io.Reader) error {
	b, err := io.ReadAll(r)
	if err != nil {
		return err
	}
	for _, mailbox := range v.to {
		// RFC 5321 §4.4: the last hop keeps the envelope's sender here.
		if err := v.sink.d.deliver(mailbox, "Return-Path: <"+v.from+">\r\n"+string(b)); err != nil {
			return err
		}
	}
	return nil
}

func (v *delivery) Reset()        { v.from, v.to = "", nil }
func (v *delivery) Logout() error { return nil }
