package probe_test

import (
	"context"
	"fmt"
	"net"
	"strings"
	"testing"

	"latchkey/internal/probe"
)

const wanted = "<7f3k.1@latchkey.contoso.example>"

func header(id string) string {
	return "Received: from a (b) by c\r\nmessage-id:\r\n " + id + "\r\nSubject: a private matter\r\n\r\n"
}

func literal(text string) string { return fmt.Sprintf("{%d}\r\n%s", len(text), text) }

func TestFindComparesTheWholeMessageID(t *testing.T) {
	const opened = imapAccepted + "C T4 EXAMINE INBOX\nS * 17 EXISTS\nS T4 OK [READ-ONLY] done\nC T5 SEARCH HEADER \"Message-ID\" \"" + wanted + "\"\n"
	const goodbye = "\nC T7 LOGOUT\nS * BYE bye\nS T7 OK done"
	const stat = pop3Login + "S +OK User successfully authenticated.\nC STAT\nS +OK "
	top := func(n int, id string) string {
		return fmt.Sprintf("C TOP %d 0\nS +OK\n%s\nS .\n", n, "S "+strings.ReplaceAll(strings.TrimSuffix(header(id), "\r\n"), "\r\n", "\nS "))
	}
	fetched := func(text string) string {
		return "C T6 FETCH *\nS> * 7 FETCH (BODY[HEADER] " + strings.ReplaceAll(literal(text), "\r\n", "␍␊") + ")␍␊\nS T6 OK done" + goodbye
	}
	tests := map[string]struct {
		protocol           probe.Protocol
		script             string
		present            bool
		messages, searched int
	}{
		"imap, there":               {probe.IMAP, opened + "S * SEARCH 7\nS T5 OK done\n" + fetched(header(wanted)), true, 17, 17},
		"imap, only similar":        {probe.IMAP, opened + "S * SEARCH 7\nS T5 OK done\n" + fetched(header("<x"+wanted[1:])), false, 17, 17},
		"imap, more behind it":      {probe.IMAP, opened + "S * SEARCH 7\nS T5 OK done\nC T6 FETCH *\nS& * 7 FETCH (BODY[HEADER] {3} && abc) && * CAPABILITY ( && T6 OK done" + goodbye, false, 17, 17},
		"imap, not there":           {probe.IMAP, opened + "S * SEARCH\nS T5 OK done\nC T6 LOGOUT\nS * BYE bye\nS T6 OK done", false, 17, 17},
		"imap, taken meanwhile":     {probe.IMAP, opened + "S * SEARCH 7\nS T5 OK done\nC T6 FETCH *\nS T6 OK done" + goodbye, false, 17, 17},
		"imap, all four billion":    {probe.IMAP, opened + "S * ESEARCH ALL 1:4294967295\nS T5 OK done\nC T6 LOGOUT\nS T6 OK done", false, 17, 17},
		"imap, no literal":          {probe.IMAP, opened + "S * SEARCH 7\nS T5 OK done\nC T6 FETCH *\nS * 7 FETCH (BODY[HEADER] NIL)\nS T6 OK done" + goodbye, false, 17, 17},
		"pop3, newest":              {probe.POP3, stat + "3 99\n" + top(3, wanted) + "C QUIT\nS +OK", true, 3, 1},
		"pop3, second":              {probe.POP3, stat + "3 99\n" + top(3, "<other@x>") + top(2, wanted) + "C QUIT\nS +OK", true, 3, 2},
		"pop3, only similar":        {probe.POP3, stat + "1 99\n" + top(1, wanted+"x") + "C QUIT\nS +OK", false, 1, 1},
		"pop3, empty":               {probe.POP3, stat + "0 0\nC QUIT\nS +OK", false, 0, 0},
		"pop3, in a folded Subject": {probe.POP3, stat + "1 99\nC TOP 1 0\nS +OK\nS Subject: x\nS  Message-ID: " + wanted + "\nS \nS .\nC QUIT\nS +OK", false, 1, 1},
		"pop3, line of 9 kB":        {probe.POP3, stat + "1 99\nC TOP 1 0\nS +OK\nS X: " + strings.Repeat("x", 9000) + "\nS Message-ID: " + wanted + "\nS .\nC QUIT\nS +OK", true, 1, 1},
		"pop3, dots":                {probe.POP3, stat + "1 99\nC TOP 1 0\nS +OK\nS ..\nS ...Message-ID: <no@x>\nS .Message-ID: " + wanted + "\nS .\nC QUIT\nS +OK", true, 1, 1},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			f := run(t, tt.protocol, tt.script)
			found, err := prober(t, f).Find(context.Background(), f.target(tt.protocol, probe.TLS), login, wanted)
			if err != nil {
				t.Fatal(err)
			}
			if found.Present != tt.present || found.Messages != tt.messages || found.Searched != tt.searched {
				t.Errorf("present %t, %d messages, %d searched; want %t, %d, %d",
					found.Present, found.Messages, found.Searched, tt.present, tt.messages, tt.searched)
			}
			for _, l := range found.Transcript {
				if strings.Contains(l.Text, "private matter") || strings.HasPrefix(l.Text, "Received") {
					t.Errorf("the transcript shows somebody's mail: %q", l.Text)
				}
			}
		})
	}
}

func TestFindOverPOP3LooksAtTheLastFifty(t *testing.T) {
	handle := func(f *far, conn net.Conn) {
		in := &lines{r: conn, note: f.note}
		_, _ = fmt.Fprint(conn, "+OK hi\r\n")
		for {
			line, err := in.next()
			if err != nil {
				return
			}
			switch word, _, _ := strings.Cut(line, " "); word {
			case "CAPA":
				_, _ = fmt.Fprint(conn, "+OK\r\nSASL XOAUTH2\r\n.\r\n")
			case "AUTH":
				_, _ = fmt.Fprint(conn, "+ \r\n")
			case "STAT":
				_, _ = fmt.Fprint(conn, "+OK 4000 99\r\n")
			case "TOP": // with headers as large as a busy gateway makes them
				_, _ = fmt.Fprint(conn, "+OK\r\n", strings.Repeat("X-Gateway: "+strings.Repeat("x", 60)+"\r\n", 200), "Message-ID: <no@x>\r\n\r\n.\r\n")
			default:
				_, _ = fmt.Fprint(conn, "+OK\r\n")
			}
		}
	}
	f := listen(t, goodTLS(), true, handle)
	found, err := prober(t, f).Find(context.Background(), f.target(probe.POP3, probe.TLS), login, wanted)
	if err != nil {
		t.Fatal(err)
	}
	if got := strings.Count(f.received(), "TOP "); found.Searched != 50 || got != 50 || found.Messages != 4000 {
		t.Errorf("%d searched, %d commands, %d messages", found.Searched, got, found.Messages)
	}
	if !strings.Contains(f.received(), "TOP 4000 0\r\n") || !strings.Contains(f.received(), "TOP 3951 0\r\n") {
		t.Error("not the last fifty")
	}
}

// The whole repertoire, against servers that note every command.
func TestNothingInAMailboxIsChanged(t *testing.T) {
	allowed := map[probe.Protocol][]string{
		probe.IMAP: {"CAPABILITY", "AUTHENTICATE", "EXAMINE", "SEARCH", "FETCH", "LOGOUT"},
		probe.POP3: {"CAPA", "AUTH", "STAT", "TOP", "QUIT"},
	}
	for protocol, commands := range allowed {
		t.Run(string(protocol), func(t *testing.T) {
			f := listen(t, goodTLS(), true, friendly(protocol))
			p, target, ctx := prober(t, f), f.target(protocol, probe.TLS), context.Background()
			if _, err := p.Connect(ctx, target); err != nil {
				t.Error(err)
			}
			if _, err := p.Mailbox(ctx, target, login); err != nil {
				t.Error(err)
			}
			if found, err := p.Find(ctx, target, login, wanted); err != nil || !found.Present {
				t.Errorf("present %t, %v", found.Present, err)
			}
			seen := map[string]bool{}
			for line := range strings.Lines(f.received()) {
				words := strings.Fields(line)
				if len(words) == 0 || strings.HasPrefix(words[0], "dXNlcj") {
					continue
				}
				command := words[0]
				if protocol == probe.IMAP {
					command = words[1]
				}
				seen[command] = true
				if !strings.Contains(strings.Join(commands, " ")+" ", command+" ") {
					t.Errorf("the command %q may change something", line)
				}
				if command == "FETCH" && strings.ReplaceAll(line, "BODY.PEEK[HEADER]", "") == line {
					t.Errorf("%q reads without PEEK", line)
				}
				if command == "TOP" && !strings.HasSuffix(strings.TrimSpace(line), " 0") {
					t.Errorf("%q reads a body", line)
				}
			}
			if len(seen) != len(commands) {
				t.Errorf("seen %v, expected all of %v", seen, commands)
			}
		})
	}
}

// friendly accepts everything.
func friendly(protocol probe.Protocol) func(*far, net.Conn) {
	replies := map[string]string{
		"CAPABILITY": "* CAPABILITY IMAP4rev1 AUTH=XOAUTH2 SASL-IR\r\n", "SEARCH": "* SEARCH 1\r\n", "EXAMINE": "* 1 EXISTS\r\n",
		"FETCH": "* 1 FETCH (BODY[HEADER] " + literal(header(wanted)) + ")\r\n",
		"CAPA":  "+OK\r\nSASL XOAUTH2\r\n.\r\n", "AUTH": "+ \r\n", "STAT": "+OK 1 99\r\n", "TOP": "+OK\r\n" + header(wanted) + ".\r\n",
	}
	return func(f *far, conn net.Conn) {
		in := &lines{r: conn, note: f.note}
		greeting := "+OK hi\r\n"
		if protocol == probe.IMAP {
			greeting = "* OK hi\r\n"
		}
		_, _ = fmt.Fprint(conn, greeting)
		for {
			line, err := in.next()
			if err != nil {
				return
			}
			words := append(strings.Fields(line), "", "")
			switch reply, known := replies[words[0]]; {
			case protocol == probe.IMAP:
				_, _ = fmt.Fprint(conn, replies[words[1]], words[0], " OK done\r\n")
			case known:
				_, _ = fmt.Fprint(conn, reply)
			default:
				_, _ = fmt.Fprint(conn, "+OK\r\n")
			}
		}
	}
}
