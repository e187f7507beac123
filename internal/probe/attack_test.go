package probe_test

import (
	"bytes"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"runtime"
	"runtime/debug"
	"strings"
	"sync"
	"testing"
	"time"

	"latchkey/internal/probe"
	"latchkey/internal/secret"
)

// flood plays a script and then writes the pattern until 300 MiB are out or
// nobody takes them. It tells when the client hung up.
func flood(script, pattern string) func(*far, net.Conn) {
	return func(f *far, conn net.Conn) {
		in := &lines{r: conn, note: f.note}
		for step := range strings.SplitSeq(script, "\n") {
			verb, text, _ := strings.Cut(strings.TrimLeft(step, "\t"), " ")
			switch verb {
			case "S":
				_, _ = io.WriteString(conn, text+"\r\n")
			case "S>":
				_, _ = io.WriteString(conn, text)
			case "C":
				_, _ = in.next()
			case "TLS":
				conn = tls.Server(conn, f.tls)
				in = &lines{r: conn, note: f.note}
			}
		}
		chunk := bytes.Repeat([]byte(pattern), 1+(32<<10)/len(pattern))
		for sent := 0; sent < 300<<20; sent += len(chunk) {
			if _, err := conn.Write(chunk); err != nil {
				return
			}
		}
		f.t.Error("the client took 300 MiB")
	}
}

// peak samples the heap while f runs and returns by how much it grew.
func peak(f func()) uint64 {
	defer debug.SetGCPercent(debug.SetGCPercent(10)) // garbage is no growth
	runtime.GC()
	var before, now runtime.MemStats
	runtime.ReadMemStats(&before)
	highest := before.HeapAlloc
	done := make(chan struct{})
	var sampler sync.WaitGroup
	sampler.Go(func() {
		for tick := time.Tick(2 * time.Millisecond); ; {
			select {
			case <-done:
				return
			case <-tick:
				runtime.ReadMemStats(&now)
				highest = max(highest, now.HeapAlloc)
			}
		}
	})
	f()
	close(done)
	sampler.Wait()
	return highest - before.HeapAlloc
}

func TestNoServerFillsTheMemory(t *testing.T) {
	const search = imapAccepted + "C T4 EXAMINE INBOX\nS * 17 EXISTS\nS T4 OK done\nC T5 SEARCH *\n"
	tests := map[string]struct {
		protocol        probe.Protocol
		script, pattern string
		find            bool
	}{
		"greeting, imap":             {probe.IMAP, "S> * OK ", "x", false},
		"greeting, pop3":             {probe.POP3, "S> +OK ", "x", false},
		"greeting in the clear":      {probe.SMTP, "S> 220 ", "x", false},
		"greeting of many lines":     {probe.SMTP, "S 220-hello", "220-x\r\n", false},
		"untagged lines":             {probe.IMAP, imapHello + "C *", "* 1 EXISTS\r\n", false},
		"capability line":            {probe.IMAP, "S * OK hi\nC T1 CAPABILITY\nS> * CAPABILITY", " X", false},
		"capability list":            {probe.POP3, "S +OK hi\nC CAPA\nS +OK", "X\r\n", false},
		"extensions in the clear":    {probe.SMTP, "S 220 hi\nC EHLO *", "250-X\r\n", false},
		"extensions":                 {probe.SMTP, strings.Replace(smtpHello, "\t\tS 250 SMTPUTF8\n\t\tC START", "\t\tS 250 SMTPUTF8\n\t\tC START", 1), "250-X\r\n", false},
		"challenges, imap":           {probe.IMAP, imapLogin, "+ e30=\r\n", false},
		"challenges, pop3":           {probe.POP3, pop3Login, "+ e30=\r\n", false},
		"challenges, smtp":           {probe.SMTP, smtpLogin, "334 e30=\r\n", false},
		"literal":                    {probe.IMAP, search + "S * SEARCH 7\nS T5 OK\nC T6 FETCH *\nS * 7 FETCH (BODY[HEADER] {314572800}", "x", true},
		"deep lists":                 {probe.IMAP, search + "S> * 1 FETCH (BODYSTRUCTURE ", "(", true},
		"search results, descending": {probe.IMAP, search + "S> * SEARCH", descending(), true},
		"header lines":               {probe.POP3, pop3Login + "S +OK in\nC STAT\nS +OK 1 1\nC TOP 1 0\nS +OK", "X-Spam: yes\r\n", true},
		"header line":                {probe.POP3, pop3Login + "S +OK in\nC STAT\nS +OK 1 1\nC TOP 1 0\nS +OK", "x", true},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			f := listen(t, goodTLS(), mode(tt.protocol) == probe.TLS, flood(tt.script, tt.pattern))
			p, target := prober(t, f), f.target(tt.protocol, mode(tt.protocol))
			p.Deadline = 20 * time.Second
			var err error
			start := time.Now()
			grown := peak(func() {
				if tt.find {
					_, err = p.Find(context.Background(), target, login, "<1@contoso.example>")
				} else {
					_, err = try(p, target, login, false)
				}
			})
			if took := time.Since(start); took > 2*time.Second {
				t.Errorf("ended after %v", took)
			}
			if grown > 5<<20 {
				t.Errorf("the heap grew by %d KiB", grown>>10)
			}
			if e := must(t, err); e.Kind != probe.Limit {
				t.Errorf("%v, want kind %s", e, probe.Limit)
			}
		})
	}
}

// descending makes the search results that cost the library most to sort.
func descending() string {
	var b strings.Builder
	for n := 999998; n > 900000; n -= 2 {
		fmt.Fprintf(&b, " %d", n)
	}
	return b.String()
}

func TestASlowServerEndsAtTheDeadline(t *testing.T) {
	drip := func(script, text string) func(*far, net.Conn) {
		return func(f *far, conn net.Conn) {
			in := &lines{r: conn, note: f.note}
			for step := range strings.SplitSeq(script, "\n") {
				switch verb, text, _ := strings.Cut(strings.TrimLeft(step, "\t"), " "); verb {
				case "S":
					_, _ = io.WriteString(conn, text+"\r\n")
				case "C":
					_, _ = in.next()
				}
			}
			for range 100 {
				for _, c := range []byte(text) {
					if _, err := conn.Write([]byte{c}); err != nil {
						return
					}
					time.Sleep(30 * time.Millisecond)
				}
			}
		}
	}
	tests := map[string]struct {
		protocol probe.Protocol
		script   string
		drip     string
		stage    probe.Stage
	}{
		"greeting":          {probe.IMAP, "", "* OK slowly ", probe.Greeting},
		"plain greeting":    {probe.SMTP, "", "220-x\r\n", probe.Greeting},
		"untagged, imap":    {probe.IMAP, imapLogin, "* OK x\r\n", probe.Authenticate},
		"challenges, pop3":  {probe.POP3, pop3Login, "+ \r\n", probe.Authenticate},
		"silence after TLS": {probe.POP3, "", "", probe.Greeting},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			handle := drip(tt.script, tt.drip)
			if tt.drip == "" {
				handle = play("C nothing is ever said")
			}
			f := listen(t, goodTLS(), mode(tt.protocol) == probe.TLS, handle)
			p := prober(t, f)
			p.Deadline = 400 * time.Millisecond
			start := time.Now()
			_, err := try(p, f.target(tt.protocol, mode(tt.protocol)), login, false)
			took := time.Since(start)
			if e := must(t, err); e.Kind != probe.Timeout || e.Stage != tt.stage || !errors.Is(err, context.DeadlineExceeded) {
				t.Errorf("%v, want %s at %s", e, probe.Timeout, tt.stage)
			}
			if took < 350*time.Millisecond || took > 1500*time.Millisecond {
				t.Errorf("ended after %v, want about 400 ms", took)
			}
		})
	}
}

func TestCancelEndsAtOnce(t *testing.T) {
	for name, tt := range map[string]struct {
		protocol probe.Protocol
		script   string
		stage    probe.Stage
	}{
		"greeting":     {probe.SMTP, "C never", probe.Greeting},
		"handshake":    {probe.SMTP, "S 220 hi\nC EHLO *\nS 250-hi\nS 250 STARTTLS\nC STARTTLS\nS 220 go", probe.TLSStage},
		"login, imap":  {probe.IMAP, imapLogin, probe.Authenticate},
		"login, pop3":  {probe.POP3, pop3Login, probe.Authenticate},
		"login, smtp":  {probe.SMTP, smtpLogin, probe.Authenticate},
		"mailbox":      {probe.IMAP, imapAccepted + "C T4 EXAMINE INBOX", probe.Open},
		"capabilities": {probe.IMAP, imapLogin + "S T2 OK in", probe.Authenticate}, // the library asks again by itself
	} {
		t.Run(name, func(t *testing.T) {
			f := run(t, tt.protocol, tt.script)
			ctx, cancel := context.WithCancel(context.Background())
			var canceled time.Time
			timer := time.AfterFunc(300*time.Millisecond, func() { canceled = time.Now(); cancel() })
			defer timer.Stop()
			p, target := prober(t, f), f.target(tt.protocol, mode(tt.protocol))
			var err error
			if tt.protocol == probe.SMTP {
				_, err = p.SMTPLogin(ctx, target, login)
			} else {
				_, err = p.Mailbox(ctx, target, login)
			}
			if waited := time.Since(canceled); waited > 200*time.Millisecond {
				t.Errorf("ended %v after the cancel", waited)
			}
			e := must(t, err)
			if e.Kind != probe.Canceled || !errors.Is(err, context.Canceled) {
				t.Errorf("%v, want %s", e, probe.Canceled)
			}
			if e.Stage != tt.stage && name != "capabilities" {
				t.Errorf("stage %s, want %s", e.Stage, tt.stage)
			}
		})
	}
}

func TestEvilStarts(t *testing.T) {
	const smtpPlain = "S 220 hi\nC EHLO *\nS 250-hi\nS 250 STARTTLS\nC STARTTLS\n"
	const imapPlain = "S * OK hi\nC S1 CAPABILITY\nS * CAPABILITY IMAP4rev1 STARTTLS LOGINDISABLED\nS S1 OK done\nC S2 STARTTLS\n"
	const pop3Plain = "S +OK hi\nC CAPA\nS +OK\nS STLS\nS .\nC STLS\n"
	tests := map[string]struct {
		protocol probe.Protocol
		security probe.Security
		script   string
		kind     probe.Kind
		stage    probe.Stage
	}{
		"stripped, smtp":         {probe.SMTP, probe.STARTTLS, "S 220 hi\nC EHLO *\nS 250-hi\nS 250 AUTH XOAUTH2", probe.NoSTARTTLS, probe.STARTTLSStage},
		"blanked, smtp":          {probe.SMTP, probe.STARTTLS, "S 220 hi\nC EHLO *\nS 250-hi\nS 250 XXXXXXXA", probe.NoSTARTTLS, probe.STARTTLSStage},
		"no ESMTP":               {probe.SMTP, probe.STARTTLS, "S 220 hi\nC EHLO *\nS 500 what", probe.RefusedByServer, probe.STARTTLSStage},
		"stripped, imap":         {probe.IMAP, probe.STARTTLS, "S * OK hi\nC S1 CAPABILITY\nS * CAPABILITY IMAP4rev1 AUTH=XOAUTH2\nS S1 OK done", probe.NoSTARTTLS, probe.STARTTLSStage},
		"in greeting only":       {probe.IMAP, probe.STARTTLS, "S * OK [CAPABILITY IMAP4rev1 STARTTLS] hi\nC S1 CAPABILITY\nS * CAPABILITY IMAP4rev1\nS S1 OK done", probe.NoSTARTTLS, probe.STARTTLSStage},
		"stripped, pop3":         {probe.POP3, probe.STARTTLS, "S +OK hi\nC CAPA\nS +OK\nS SASL XOAUTH2\nS .", probe.NoSTARTTLS, probe.STARTTLSStage},
		"refused, smtp":          {probe.SMTP, probe.STARTTLS, smtpPlain + "S 454 4.7.0 TLS not available", probe.RefusedByServer, probe.STARTTLSStage},
		"refused, imap":          {probe.IMAP, probe.STARTTLS, imapPlain + "S S2 NO not now", probe.RefusedByServer, probe.STARTTLSStage},
		"refused, pop3":          {probe.POP3, probe.STARTTLS, pop3Plain + "S -ERR not now", probe.RefusedByServer, probe.STARTTLSStage},
		"odd code, smtp":         {probe.SMTP, probe.STARTTLS, smtpPlain + "S 334 go on", probe.ProtocolError, probe.STARTTLSStage},
		"no TLS, smtp":           {probe.SMTP, probe.STARTTLS, smtpPlain + "S 220 go\nC \x16*\nS 250 all in the clear", probe.NotTLS, probe.TLSStage},
		"injection, smtp":        {probe.SMTP, probe.STARTTLS, smtpPlain + "S& 220 go && 235 2.7.0 Authentication successful\nTLS", probe.ProtocolError, probe.STARTTLSStage},
		"injection, imap":        {probe.IMAP, probe.STARTTLS, imapPlain + "S& S2 OK go && * CAPABILITY IMAP4rev1 AUTH=XOAUTH2\nTLS", probe.ProtocolError, probe.STARTTLSStage},
		"injection, pop3":        {probe.POP3, probe.STARTTLS, pop3Plain + "S& +OK go && +OK logged in\nTLS", probe.ProtocolError, probe.STARTTLSStage},
		"injection, half a line": {probe.IMAP, probe.STARTTLS, imapPlain + "S& S2 OK go && * \nTLS", probe.ProtocolError, probe.STARTTLSStage},

		"only in the clear, smtp": {probe.SMTP, probe.STARTTLS, "S 220 hi\nC EHLO *\nS 250-hi\nS 250-AUTH XOAUTH2\nS 250 STARTTLS\nC STARTTLS\nS 220 go\nTLS\nC EHLO *\nS 250-hi\nS 250 SIZE 1", probe.NoMechanism, probe.Authenticate},
		"only in the clear, imap": {probe.IMAP, probe.STARTTLS, "S * OK hi\nC S1 CAPABILITY\nS * CAPABILITY IMAP4rev1 STARTTLS AUTH=XOAUTH2\nS S1 OK\nC S2 STARTTLS\nS S2 OK\nTLS\nC T1 CAPABILITY\nS * CAPABILITY IMAP4rev1\nS T1 OK", probe.NoMechanism, probe.Authenticate},
		"only in the clear, pop3": {probe.POP3, probe.STARTTLS, "S +OK hi\nC CAPA\nS +OK\nS STLS\nS SASL XOAUTH2\nS .\nC STLS\nS +OK\nTLS\nC CAPA\nS +OK\nS USER\nS .", probe.NoMechanism, probe.Authenticate},

		"PREAUTH in the clear": {probe.IMAP, probe.STARTTLS, "S * PREAUTH welcome back", probe.ProtocolError, probe.Greeting},
		"PREAUTH under TLS":    {probe.IMAP, probe.TLS, "S * PREAUTH welcome back", probe.ProtocolError, probe.Greeting},
		"BYE":                  {probe.IMAP, probe.TLS, "S * BYE too busy\nCLOSE", probe.RefusedByServer, probe.Greeting},
		"-ERR":                 {probe.POP3, probe.TLS, "S -ERR too busy\nCLOSE", probe.RefusedByServer, probe.Greeting},
		"554":                  {probe.SMTP, probe.STARTTLS, "S 554 5.3.2 no\nCLOSE", probe.RefusedByServer, probe.Greeting},
		"another protocol":     {probe.IMAP, probe.TLS, "S 220 this is SMTP", probe.ProtocolError, probe.Greeting},
		"tagged greeting":      {probe.IMAP, probe.TLS, "S A1 OK hi", probe.ProtocolError, probe.Greeting},
		"web server":           {probe.SMTP, probe.STARTTLS, "S HTTP/1.1 400 Bad Request", probe.ProtocolError, probe.Greeting},
		"nothing in the clear": {probe.SMTP, probe.STARTTLS, "CLOSE", probe.Closed, probe.Greeting},

		"closed in the login, imap": {probe.IMAP, probe.TLS, imapLogin + "CLOSE", probe.Closed, probe.Authenticate},
		"closed in the login, pop3": {probe.POP3, probe.TLS, pop3Login + "CLOSE", probe.Closed, probe.Authenticate},
		"closed in the login, smtp": {probe.SMTP, probe.STARTTLS, smtpLogin + "CLOSE", probe.Closed, probe.Authenticate},
		"unknown tag":               {probe.IMAP, probe.TLS, imapLogin + "S X9 OK in", probe.ProtocolError, probe.Authenticate},
		// Each of these keeps go-imap's reader busy for ever, or worse.
		"bracket in the list":     {probe.IMAP, probe.TLS, "S * OK hi\nC T1 CAPABILITY\nS * CAPABILITY (\nS T1 OK done", probe.NoMechanism, probe.Authenticate},
		"bracket in the greeting": {probe.IMAP, probe.TLS, "S * OK [CAPABILITY (] hi\nC T1 CAPABILITY\nS T1 OK [CAPABILITY (] done", probe.NoMechanism, probe.Authenticate},
		"nested too deep":         {probe.IMAP, probe.TLS, imapLogin + "S * 1 FETCH (BODYSTRUCTURE " + strings.Repeat("(", 3000), probe.ProtocolError, probe.Authenticate},

		"too many lines, imap":    {probe.IMAP, probe.TLS, imapHello + "C T2*" + strings.Repeat("\nS * 1 EXISTS", 1200), probe.Limit, probe.Authenticate},
		"too many lines, pop3":    {probe.POP3, probe.TLS, "S +OK hi\nC CAPA\nS +OK" + strings.Repeat("\nS X", 1200) + "\nS .", probe.Limit, probe.Capability},
		"too many lines, smtp":    {probe.SMTP, probe.STARTTLS, "S 220 hi\nC EHLO *" + strings.Repeat("\nS 250-X", 1200) + "\nS 250 X", probe.Limit, probe.STARTTLSStage},
		"success too early, imap": {probe.IMAP, probe.TLS, strings.Replace(imapHello, " SASL-IR", "", 1) + "C T2 AUTHENTICATE XOAUTH2\nS T2 OK in", probe.ProtocolError, probe.Authenticate},
		"success too early, pop3": {probe.POP3, probe.TLS, pop3Hello + "C AUTH XOAUTH2\nS +OK in", probe.ProtocolError, probe.Authenticate},
		"success too early, smtp": {probe.SMTP, probe.STARTTLS, smtpHello + "C AUTH XOAUTH2\nS 235 2.7.0 in", probe.ProtocolError, probe.Authenticate},
		"too long a line, smtp":   {probe.SMTP, probe.STARTTLS, smtpHello + "C AUTH XOAUTH2\nS 334 " + strings.Repeat("x", 3000), probe.Limit, probe.Authenticate},
		"250 to AUTH":             {probe.SMTP, probe.STARTTLS, smtpLogin + "S 250 fine", probe.ProtocolError, probe.Authenticate},
		"no base64, imap":         {probe.IMAP, probe.TLS, imapLogin + "S + *", probe.ProtocolError, probe.Authenticate},
		"no base64, pop3":         {probe.POP3, probe.TLS, pop3Hello + "C AUTH XOAUTH2\nS + *", probe.ProtocolError, probe.Authenticate},
		"no base64, smtp":         {probe.SMTP, probe.STARTTLS, smtpHello + "C AUTH XOAUTH2\nS 334 *", probe.ProtocolError, probe.Authenticate},
		"empty challenge, imap":   {probe.IMAP, probe.TLS, imapLogin + "S + \nS T2 NO no", probe.ProtocolError, probe.Authenticate},
		"STAT without numbers":    {probe.POP3, probe.TLS, pop3Login + "S +OK in\nC STAT\nS +OK many", probe.ProtocolError, probe.Open},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			f := listen(t, goodTLS(), tt.security == probe.TLS, play(tt.script))
			start := time.Now()
			_, err := try(prober(t, f), f.target(tt.protocol, tt.security), login, false)
			if took := time.Since(start); took > 3*time.Second {
				t.Errorf("ended after %v: not by itself", took)
			}
			e := must(t, err)
			if e.Kind != tt.kind || e.Stage != tt.stage {
				t.Errorf("%s at %s (%v), want %s at %s", e.Kind, e.Stage, e, tt.kind, tt.stage)
			}
			if tt.stage != probe.Authenticate && tt.stage != probe.Open && leak(f.received()) != "" || tt.kind == probe.NoMechanism && leak(f.received()) != "" {
				t.Error("the server has received the token")
			}
		})
	}
}

func TestNothingIsTriedWithBadValues(t *testing.T) {
	f := run(t, probe.SMTP, "S 220 hi")
	p := prober(t, f)
	imap, smtp := f.target(probe.IMAP, probe.TLS), f.target(probe.SMTP, probe.STARTTLS)
	ctx := context.Background()
	mailbox := func(target probe.Target, user, token string) func() error {
		return func() error {
			_, err := p.Mailbox(ctx, target, probe.Login{User: user, Token: secret.New(token)})
			return err
		}
	}
	send := func(from, to string) func() error {
		return func() error {
			_, err := p.Send(ctx, smtp, login, probe.Message{From: from, To: to, Raw: []byte("x")})
			return err
		}
	}
	find := func(id string) func() error {
		return func() error { _, err := p.Find(ctx, imap, login, id); return err }
	}
	connect := func(target probe.Target) func() error {
		return func() error { _, err := p.Connect(ctx, target); return err }
	}
	elsewhere := imap
	elsewhere.Host = "mail.attacker.example"
	otherPort := imap
	otherPort.Port++
	tests := map[string]struct {
		do   func() error
		kind probe.Kind
	}{
		"line break in the user":    {mailbox(imap, "a@b\r\nT9 DELETE INBOX", planted), probe.InvalidInput},
		"separator in the user":     {mailbox(imap, "a@b\x01auth=Bearer x", planted), probe.InvalidInput},
		"no user":                   {mailbox(imap, "", planted), probe.InvalidInput},
		"no token":                  {mailbox(imap, "a@b", ""), probe.InvalidInput},
		"line break in the token":   {mailbox(imap, "a@b", planted+"\r\n"), probe.InvalidInput},
		"mailbox over SMTP":         {mailbox(smtp, "a@b", planted), probe.InvalidInput},
		"host that is not trusted":  {mailbox(elsewhere, "a@b", planted), probe.UntrustedHost},
		"port that is not trusted":  {mailbox(otherPort, "a@b", planted), probe.UntrustedHost},
		"line break in the sender":  {send("a@b>\r\nRCPT TO:<x@y", "a@b"), probe.InvalidInput},
		"bracket in the sender":     {send("a@b> SIZE=1", "a@b"), probe.InvalidInput},
		"blank in the recipient":    {send("a@b", "a @b"), probe.InvalidInput},
		"no recipient":              {send("a@b", ""), probe.InvalidInput},
		"Message-ID with a quote":   {find(`<"a@b>`), probe.InvalidInput},
		"Message-ID, line break":    {find("<a@b>\r\nT9 DELETE INBOX"), probe.InvalidInput},
		"Message-ID, no brackets":   {find("a@b"), probe.InvalidInput},
		"mail without TLS":          {connect(f.target(probe.SMTP, "")), probe.InvalidInput},
		"unknown protocol":          {connect(f.target("gopher", probe.TLS)), probe.InvalidInput},
		"no host":                   {connect(probe.Target{Protocol: probe.TCP, Port: 1}), probe.InvalidInput},
		"host with a path":          {connect(probe.Target{Protocol: probe.TCP, Host: "a/b", Port: 1}), probe.InvalidInput},
		"host with a line break":    {connect(probe.Target{Protocol: probe.TCP, Host: "a\nb", Port: 1}), probe.InvalidInput},
		"port 0":                    {connect(probe.Target{Protocol: probe.TCP, Host: host}), probe.InvalidInput},
		"port beyond the last":      {connect(probe.Target{Protocol: probe.TCP, Host: host, Port: 65536}), probe.InvalidInput},
		"login over https":          {mailbox(f.target(probe.HTTPS, probe.TLS), "a@b", planted), probe.InvalidInput},
		"URL with another scheme":   {func() error { _, err := p.HTTPS(ctx, "http://"+host); return err }, probe.InvalidInput},
		"URL with credentials":      {func() error { _, err := p.HTTPS(ctx, "https://a:b@"+host); return err }, probe.InvalidInput},
		"URL that cannot be parsed": {func() error { _, err := p.HTTPS(ctx, "https://a b/?code="+planted); return err }, probe.InvalidInput},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			e := must(t, tt.do())
			if e.Kind != tt.kind {
				t.Errorf("%v, want %s", e, tt.kind)
			}
			if strings.ContainsAny(e.Error(), "\r\n\x01") || leak(e.Error()) != "" {
				t.Errorf("the error is not fit for a log: %q", e.Error())
			}
		})
	}
	if f.connections() != 0 {
		t.Errorf("%d connections were made", f.connections())
	}
}
