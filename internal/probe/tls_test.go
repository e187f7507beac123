package probe_test

import (
	"context"
	"crypto/sha256"
	"crypto/tls"
	"encoding/hex"
	"encoding/pem"
	"io"
	"net"
	"strings"
	"testing"
	"time"

	"latchkey/internal/probe"
)

func TestBadCertificatesAreRefusedAndShown(t *testing.T) {
	soon := time.Now().Add(time.Hour)
	stranger := newAuthority("Contoso Inspecting Proxy")
	certificates := map[string]struct {
		config *tls.Config
		kind   probe.Kind
		issuer string
	}{
		"unknown authority": {stranger.issue(host, soon), probe.TLSUnknownAuthority, "CN=Contoso Inspecting Proxy"},
		"wrong name":        {ours().issue("mail.fabrikam.example", soon), probe.TLSWrongName, "CN=Contoso Test Root"},
		"expired":           {ours().issue(host, time.Now().Add(-time.Hour)), probe.TLSExpired, "CN=Contoso Test Root"},
	}
	starts := map[probe.Protocol]string{
		probe.IMAP: "C never",
		probe.POP3: "S +OK hi\nC CAPA\nS +OK\nS STLS\nS .\nC STLS\nS +OK go\nTLS\nC never",
		probe.SMTP: "S 220 hi\nC EHLO *\nS 250-hi\nS 250 STARTTLS\nC STARTTLS\nS 220 go\nTLS\nC never",
	}
	for name, tt := range certificates {
		for protocol, script := range starts {
			t.Run(name+", "+string(protocol), func(t *testing.T) {
				security := probe.STARTTLS
				if protocol == probe.IMAP {
					security = probe.TLS
				}
				f := listen(t, tt.config, security == probe.TLS, play(script))
				report, err := try(prober(t, f), f.target(protocol, security), login, false)
				e := must(t, err)
				if e.Kind != tt.kind || e.Stage != probe.TLSStage {
					t.Errorf("%v, want %s at %s", e, tt.kind, probe.TLSStage)
				}
				if report.TLS == nil || report.TLS.Issuer != tt.issuer || len(report.TLS.Chain) != 2 {
					t.Fatalf("the presented chain is not shown: %+v", report.TLS)
				}
				sum := sha256.Sum256(tt.config.Certificates[0].Certificate[0])
				if report.TLS.SHA256 != hex.EncodeToString(sum[:]) {
					t.Errorf("fingerprint %s", report.TLS.SHA256)
				}
				if report.TLS.Version != "" {
					t.Error("a failed handshake claims a version")
				}
				if strings.Contains(f.received(), "AUTH") || leak(f.received()) != "" {
					t.Error("the conversation went on")
				}
				if f.connections() != 1 {
					t.Errorf("%d connections, want one", f.connections())
				}
			})
		}
	}
}

func TestTheClockJudgesCertificates(t *testing.T) {
	f := run(t, probe.IMAP, "C never")
	p := prober(t, f)
	p.Now = func() time.Time { return time.Now().Add(300 * 24 * time.Hour) }
	_, err := p.Connect(context.Background(), f.target(probe.Handshake, ""))
	if e := must(t, err); e.Kind != probe.TLSExpired {
		t.Errorf("%v, want %s", e, probe.TLSExpired)
	}
}

func TestHandshakesThatFail(t *testing.T) {
	old := goodTLS().Clone()
	old.MaxVersion = tls.VersionTLS11
	old.MinVersion = tls.VersionTLS10
	afterHello := func(end func(*net.TCPConn)) func(*far, net.Conn) {
		return func(_ *far, conn net.Conn) {
			_, _ = io.ReadFull(conn, make([]byte, 200))
			end(conn.(*net.TCPConn))
		}
	}
	for name, tt := range map[string]struct {
		config   *tls.Config
		implicit bool
		handle   func(*far, net.Conn)
		kind     probe.Kind
	}{
		"TLS 1.1":         {old, true, play("C never"), probe.TLSOther},
		"plain text":      {nil, false, play("S 220 mail.contoso.example ESMTP"), probe.NotTLS},
		"reset":           {nil, false, afterHello(func(c *net.TCPConn) { _ = c.SetLinger(0) }), probe.Reset},
		"client required": {clientRequired(), true, play("C never"), probe.TLSOther},
	} {
		t.Run(name, func(t *testing.T) {
			f := listen(t, tt.config, tt.implicit, tt.handle)
			_, err := prober(t, f).Connect(context.Background(), f.target(probe.POP3, probe.TLS))
			if e := must(t, err); e.Kind != tt.kind {
				t.Errorf("%v (%s at %s), want %s", e, e.Kind, e.Stage, tt.kind)
			}
		})
	}
}

func clientRequired() *tls.Config {
	config := goodTLS().Clone()
	config.ClientAuth = tls.RequireAnyClientCert
	return config
}

func TestConnectGoesAsFarAsTheProtocolSays(t *testing.T) {
	f := run(t, probe.IMAP, imapHello+"C T2 LOGOUT\nS * BYE bye\nS T2 OK done")
	p := prober(t, f)
	for protocol, last := range map[probe.Protocol]probe.Stage{
		probe.DNS: probe.Resolve, probe.TCP: probe.Dial, probe.Handshake: probe.TLSStage, probe.HTTPS: probe.TLSStage, probe.IMAP: probe.Logout,
	} {
		t.Run(string(protocol), func(t *testing.T) {
			before := f.connections()
			report, err := p.Connect(context.Background(), f.target(protocol, probe.TLS))
			if err != nil {
				t.Fatal(err)
			}
			stages := []probe.Stage{probe.Resolve, probe.Dial, probe.TLSStage, probe.Greeting, probe.Capability, probe.Logout}
			for i, stage := range stages {
				_, seen := report.Times[stage]
				if want := i <= indexOf(stages, last); seen != want {
					t.Errorf("stage %s: %t, want %t", stage, seen, want)
				}
			}
			if dialled := f.connections() > before; protocol == probe.DNS && dialled {
				t.Error("a look-up has dialled")
			}
			if (report.TLS != nil) != (protocol != probe.DNS && protocol != probe.TCP) {
				t.Errorf("TLS facts %+v", report.TLS)
			}
		})
	}
}

func indexOf(stages []probe.Stage, stage probe.Stage) int {
	for i, s := range stages {
		if s == stage {
			return i
		}
	}
	return -1
}

func TestRootsAddsACompanyAuthority(t *testing.T) {
	if _, err := probe.Roots([]byte("no certificate")); err == nil {
		t.Error("a file without certificate is accepted")
	}
	pool, err := probe.Roots(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: ours().cert.Raw}))
	if err != nil {
		t.Fatal(err)
	}
	f := run(t, probe.IMAP, "C never")
	p := prober(t, f)
	p.RootCAs = pool
	if _, err := p.Connect(context.Background(), f.target(probe.Handshake, "")); err != nil {
		t.Error(err)
	}
}
