package probe_test

import (
	"context"
	"strings"
	"testing"
	"time"

	"latchkey/internal/probe"
)

func TestOldestReadsTheTimeOfTheFirstMessage(t *testing.T) {
	const opened = imapAccepted + "C T4 EXAMINE INBOX\nS * 17 EXISTS\nS T4 OK [READ-ONLY] done\nC T5 FETCH 1 (BODY.PEEK[HEADER])\n"
	const goodbye = "\nC T6 LOGOUT\nS * BYE bye\nS T6 OK done"
	fetched := func(header string) string {
		return opened + "S> * 1 FETCH (BODY[HEADER] " + strings.ReplaceAll(literal(header), "\r\n", "␍␊") + ")␍␊\nS T5 OK done" + goodbye
	}
	at := time.Date(2026, 11, 21, 10, 30, 0, 0, time.UTC)
	tests := map[string]struct {
		script string
		count  int
		want   time.Time
	}{
		"newest Received": {fetched("Received: from a by b; Sat, 21 Nov 2026 11:30:00 +0100\r\nReceived: by a; Fri, 20 Nov 2026 09:00:00 +0000\r\nDate: Thu, 1 Jan 2015 00:00:00 +0000\r\n\r\n"), 17, at},
		"only a Date":     {fetched("Date: Sat, 21 Nov 2026 10:30:00 +0000\r\nSubject: private\r\n\r\n"), 17, at},
		"neither":         {fetched("Subject: private\r\n\r\n"), 17, time.Time{}},
		"taken meanwhile": {opened + "S T5 OK done" + goodbye, 17, time.Time{}},
		"empty":           {imapAccepted + "C T4 EXAMINE INBOX\nS * 0 EXISTS\nS T4 OK [READ-ONLY] done\nC T5 LOGOUT\nS * BYE bye\nS T5 OK done", 0, time.Time{}},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			f := run(t, probe.IMAP, tt.script)
			got, err := prober(t, f).Oldest(context.Background(), f.target(probe.IMAP, probe.TLS), login)
			if err != nil {
				t.Fatal(err)
			}
			if got.Messages != tt.count || !got.Received.Equal(tt.want) {
				t.Errorf("%d messages, the oldest of %s; want %d, %s", got.Messages, got.Received, tt.count, tt.want)
			}
			for _, line := range got.Transcript {
				if strings.Contains(line.Text, "private") {
					t.Errorf("the header is in the transcript: %q", line.Text)
				}
			}
		})
	}
	f := run(t, probe.POP3, pop3Login+"S +OK User successfully authenticated.\nC QUIT\nS +OK")
	if _, err := prober(t, f).Oldest(context.Background(), f.target(probe.POP3, probe.TLS), login); err == nil {
		t.Error("POP3 tells the age of a message")
	}
}
