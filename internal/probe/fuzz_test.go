package probe

import (
	"bufio"
	"bytes"
	"context"
	"encoding/base64"
	"io"
	"net"
	"net/textproto"
	"strings"
	"testing"
	"time"
	"unicode"

	"latchkey/internal/secret"
	"latchkey/internal/xoauth2"
)

const fuzzToken = "eyJhbGciOiJSUzI1NiJ9.planted-Token_7f3kQ0zR.sig-nature_9x"

// over makes a talk that reads data and writes nowhere.
func over(p Protocol, data []byte) *talk {
	t := &talk{p: &Prober{}, target: Target{Protocol: p}, ctx: context.Background(), stop: func() {}}
	t.rec = newRecorder(p, func() time.Duration { return 0 })
	t.wire = struct {
		io.Reader
		io.Writer
	}{nil, io.Discard}
	t.br = bufio.NewReaderSize(bytes.NewReader(data), len(t.buf))
	return t
}

// A multi-line answer is what the standard library makes of it, as far as no
// line is cut.
func FuzzPOP3Lines(f *testing.F) {
	for _, seed := range []string{"", ".\r\n", "a\r\n.\r\n", "..\r\n.\r\n", "...a\r\n..b\nc\r\r\n.\r\nrest", "\n.\n", "a", strings.Repeat("x", 5000) + "\r\n.\r\n", ".\r"} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		data = data[:bytes.LastIndexByte(data, '\n')+1] // the library takes an unfinished line for one
		var got []string
		err := (&pop3Session{over(POP3, data)}).block(func(line string) error {
			if len(line) > 4096 || strings.Contains(line, "\n") {
				t.Fatalf("%.100q is no line", line)
			}
			got = append(got, line)
			return nil
		})
		want, wantErr := textproto.NewReader(bufio.NewReader(bytes.NewReader(data))).ReadDotLines()
		if (err == nil) != (wantErr == nil) {
			t.Fatalf("%v, the standard library says %v", err, wantErr)
		}
		for i := range want {
			if len(want[i]) < 4090 && err == nil && got[i] != want[i] {
				t.Errorf("line %d is %q, want %q", i, got[i], want[i])
			}
		}
	})
}

// However a conversation is cut into pieces, whoever says it, nothing that is
// kept shows twelve characters of the token.
func FuzzRedaction(f *testing.F) {
	blob := base64.StdEncoding.EncodeToString([]byte("user=a@b\x01auth=Bearer " + fuzzToken + "\x01\x01"))
	for _, seed := range []string{
		"T1 AUTHENTICATE XOAUTH2 " + blob + "\r\n", "AUTH XOAUTH2\r\n" + blob + "\r\n", "* BAD " + fuzzToken + "\r\n",
		"535-" + strings.ToUpper(blob) + "\r\n535 " + blob[:50] + "\r\n", "+ " + blob + "\r\n-ERR " + fuzzToken[5:30], "auth xoauth2 " + fuzzToken + "\n",
		strings.Repeat("x", 4090) + fuzzToken + "\r\n",
	} {
		f.Add(seed, uint8(3), true)
		f.Add(seed, uint8(200), false)
	}
	f.Fuzz(func(t *testing.T, text string, size uint8, server bool) {
		for _, p := range []Protocol{IMAP, POP3, SMTP} {
			r := newRecorder(p, func() time.Duration { return 0 })
			r.protect(secret.New(fuzzToken))
			for b := []byte(text); len(b) > 0; {
				n := min(int(size)+1, len(b))
				if server {
					r.read(b[:n])
				} else {
					r.wrote(b[:n])
				}
				b = b[n:]
			}
			r.flush()
			kept := r.heard().lines
			s := r.heard()
			for _, reply := range []Reply{s.last, s.refusal, s.untagged, s.bye} {
				kept = append(kept, reply.Line, reply.Text, reply.RespCode)
			}
			for _, l := range r.transcript() {
				kept = append(kept, l.Text)
			}
			mask := xoauth2.NewMask(secret.New(fuzzToken))
			for _, k := range kept {
				if mask.Apply(k) != k {
					t.Fatalf("%s: the token is visible in %q", p, k)
				}
			}
		}
	})
}

func FuzzGreeting(f *testing.F) {
	for _, seed := range []string{
		"* OK The Microsoft Exchange IMAP4 service is ready. [RgBSADAAUAAyADgAMQBDAEEAMAAxADUANwAuAEQARQBVAFAA]",
		"+OK The Microsoft Exchange POP3 service is ready. [UwBDADEA]", "220 AM0PR02CA0134.outlook.office365.com Microsoft ESMTP MAIL Service ready",
		"* OK [CAPABILITY IMAP4rev1] Dovecot ready.", "* BYE [", "-ERR [SYS/TEMP", "554-5.7.1 a", "250", "22", "", "* ", "[]", "220 \xff\x00",
		"554 5.7.1", "* OK ]x[", "999 x", "2205 x",
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, line string) {
		replies := map[Protocol]Reply{IMAP: parseIMAP(line), POP3: parsePOP3(line), SMTP: parseSMTP([]string{line, line})}
		for p, r := range replies {
			for _, text := range []string{r.Line, r.Text, r.RespCode, r.Status, r.Enhanced} {
				if strings.IndexFunc(text, unicode.IsControl) >= 0 || len([]rune(text)) > maxReply+1 {
					t.Errorf("%s: %q is not fit to be shown", p, text)
				}
			}
			if name := serverName(p, line); name != "" && hostLike(name) == "" {
				t.Errorf("%s: %q is no server name", p, name)
			}
			if r.Code != 0 && (r.Code < 200 || r.Code > 599) {
				t.Errorf("code %d", r.Code)
			}
		}
	})
}

// Whatever an IMAP server sends, the conversation ends when the server closes.
// go-imap alone does not hold that promise.
func FuzzIMAPServer(f *testing.F) {
	const in = "* CAPABILITY AUTH=XOAUTH2 SASL-IR\r\nT1 OK\r\nT2 OK\r\nT3 OK\r\n* 1 EXISTS\r\nT4 OK\r\n* SEARCH 1\r\nT5 OK\r\n"
	for _, seed := range []string{
		in + "* 1 FETCH (BODY[HEADER] {3}\r\na:b)\r\nT6 OK\r\nT7 OK\r\n", "* CAPABILITY (\r\nT1 OK\r\n", "T1 OK [CAPABILITY (]\r\n",
		in + "* 1 FETCH (BODYSTRUCTURE " + strings.Repeat("(", 4000) + "\r\n", in + "* 1 FETCH (BODY[HEADER] {999}\r\na", "+ \r\n+ \r\nT1 NO\r\n",
		"* CAPABILITY AUTH=XOAUTH2 SASL-IR\r\nT1 OK\r\n+ e30=\r\nT2 NO no\r\n", in + "* 1 FETCH (FLAGS (a) UID 7 BODY[HEADER]<0> NIL)\r\nT6 NO\r\n",
		in + "* 1 FETCH (BINARY[1] ~{3}\r\nabc MODSEQ (7))\r\n", "* SEARCH 4294967295 1\r\n* 0 EXISTS\r\n\r\n",
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		client, server := net.Pipe()
		go func() { _, _ = io.Copy(io.Discard, server) }()
		go func() { _, _ = server.Write(data); _ = server.Close() }()
		talk := over(IMAP, nil)
		talk.raw = &budgeted{Conn: client, left: 64 << 10}
		talk.wire, talk.br = talk.raw, bufio.NewReaderSize(talk.raw, len(talk.buf))
		talk.report.Times = map[Stage]time.Duration{}
		talk.sasl, _ = xoauth2.InitialResponse("a@b", secret.New(fuzzToken))
		talk.p.Now = time.Now
		done := make(chan struct{})
		go func() {
			defer close(done)
			s := &imapSession{talk: talk}
			defer s.release()
			var found Found
			if s.underTLS() == nil && s.login() == nil && s.find("<a@b>", &found) == nil {
				_ = s.goodbye()
			}
		}()
		select {
		case <-done:
		case <-time.After(5 * time.Second):
			t.Fatal("the conversation does not end")
		}
	})
}
