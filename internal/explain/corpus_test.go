package explain_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"html"
	"net/url"
	"strconv"
	"strings"
	"testing"

	"latchkey/internal/corpus"
	"latchkey/internal/explain"
	"latchkey/internal/oauth"
	"latchkey/internal/probe"
	"latchkey/internal/provider"
)

// values fill the variable parts of recorded answers.
var values = map[string]string{
	"trace_id": "6f1d2c3b-1111-4222-8333-9a0b1c2d3e4f", "correlation_id": "7a1d2c3b-2222-4222-8333-9a0b1c2d3e4f",
	"timestamp": "2026-11-21 10:00:00Z", "client_id": "8b1d2c3b-3333-4222-8333-9a0b1c2d3e4f", "tenant_id": "9c1d2c3b-4444-4222-8333-9a0b1c2d3e4f",
	"redirect_uri": "https://app.contoso.example/callback", "other_uri": "https://app.contoso.example/callback/", "tag": "A4",
	"server": "AM0PR02CA0134.eurprd02.prod.outlook.com", "time": "2026-07-11T11:46:49.042Z", "request_id": "08DCA18218166FB4",
	"bracket": "RgBSADAAUAAyADgAMQBDAEEAMAAxADUANwAuAEQARQBVAFAAMgA4ADEALgBQAFIATwBEAC4ATwBVAFQATABPAE8ASwAuAEMATwBNAA==",
	"user":    "svc-mail@contoso.example", "mailbox": "support@contoso.example", "app_name": "Mail", "milliseconds": "299961",
}

// document is the JSON answer of the token endpoint.
func document(r corpus.Reply) string {
	d := map[string]any{"error": r.Error, "error_description": corpus.Fill(described(r), values)}
	if r.Codes != nil {
		d["error_codes"] = r.Codes
	}
	for name, v := range map[string]string{"suberror": r.Suberror, "claims": r.Claims, "trace_id": values["trace_id"], "correlation_id": values["correlation_id"]} {
		if v != "" {
			d[name] = v
		}
	}
	b, err := json.Marshal(d)
	if err != nil {
		panic(err)
	}
	return string(b)
}

func described(r corpus.Reply) string {
	if r.OldBreaks {
		return r.Description + strings.NewReplacer(" Correlation", "\r\nCorrelation", " Trace", "\r\nTrace", " Timestamp", "\r\nTimestamp").Replace(corpus.Incident)
	}
	return r.Description + corpus.Incident
}

// wrapped writes a reply in the ways in which programs, pages and logs do.
func wrapped(r corpus.Reply) map[string]string {
	switch {
	case r.Body != "" && r.Where == corpus.Token:
		return map[string]string{"http": fmt.Sprintf("POST https://login.microsoftonline.com/organizations/oauth2/v2.0/token\nHTTP/1.1 %d Answer\nContent-Type: %s\n\n%s", r.Status, r.ContentType, r.Body)}
	case r.Where == corpus.Token:
		d := document(r)
		grant := ""
		if r.Grant != "" {
			grant = "grant_type=" + r.Grant + " "
		}
		return map[string]string{
			"json":        d,
			"log string":  `time=2026-11-21T10:00:00Z level=ERROR msg="token request ` + grant + `refused: ` + strings.Trim(strconv.Quote(d), `"`) + `"`,
			"trace":       "Caused by: com.example.AuthException: " + grant + "token endpoint answered " + d + "\n\tat com.example.mail.Oauth.token(Oauth.java:44)\n\tat com.example.Main.main(Main.java:1)",
			"in a page":   "<html><body><pre>" + html.EscapeString(grant+d) + "</pre></body></html>",
			"half copied": d[:max(len(d)*2/3, strings.Index(d, "Trace ID"))],
		}
	case r.Where == corpus.AuthorizeRedirect || r.Where == corpus.AdminConsent:
		q := url.Values{"error": {r.Error}, "state": {"abc123def456"}}
		for name, v := range map[string]string{"error_subcode": r.Subcode, "error_description": corpus.Fill(r.Description, values)} {
			if v != "" {
				q.Set(name, v)
			}
		}
		return map[string]string{
			"address": "https://app.contoso.example/callback?" + q.Encode(),
			"log":     `10.0.0.1 - - [21/Nov/2026:10:00:00 +0000] "GET /callback?` + q.Encode() + ` HTTP/1.1" 200 512 "-" "Mozilla/5.0"`,
		}
	case r.Where == corpus.AuthorizePage && r.Body == "":
		text := corpus.Fill(r.Description, values)
		config, err := json.Marshal(map[string]string{"strServiceExceptionMessage": text, "correlationId": values["correlation_id"]})
		if err != nil {
			panic(err)
		}
		return map[string]string{
			"page":   "Sign in\nSorry, but we’re having trouble signing you in.\n\n" + text + "\n\nRequest Id: " + values["trace_id"] + "\nCorrelation Id: " + values["correlation_id"] + "\nTimestamp: " + values["timestamp"],
			"source": "<!DOCTYPE html><html><head><title>Sign in</title></head><body><script>$Config=" + string(config) + ";</script></body></html>",
		}
	case r.Where.Mail():
		return transcripts(r)
	}
	return nil
}

var commands = map[corpus.Where]map[corpus.Stage]string{
	corpus.IMAP: {corpus.Authenticate: "A4 AUTHENTICATE XOAUTH2 dXNlcj1x", corpus.Open: "A4 SELECT INBOX", corpus.MidSession: "A4 FETCH 1 BODY.PEEK[]"},
	corpus.POP3: {corpus.Authenticate: "AUTH XOAUTH2", corpus.Open: "STAT", corpus.MidSession: "TOP 1 0"},
	corpus.SMTP: {corpus.Capability: "EHLO h", corpus.StartTLS: "STARTTLS", corpus.Authenticate: "AUTH XOAUTH2", corpus.MailFrom: "MAIL FROM:<support@contoso.example>",
		corpus.Rcpt: "RCPT TO:<b@fabrikam.example>", corpus.Data: "DATA", corpus.EndOfData: "."},
}

func transcripts(r corpus.Reply) map[string]string {
	command := commands[r.Where][r.Stage]
	var lines []string
	for _, l := range r.Lines {
		lines = append(lines, corpus.Fill(l, values))
	}
	last := lines[0]
	write := func(client, server string) string {
		text := server + strings.Join(lines, "\n"+server)
		if command != "" {
			text = client + command + "\n" + text
		}
		return text
	}
	name := strings.ToUpper(string(r.Where))
	all := map[string]string{
		"S and C":  name + " mail.contoso.example\n" + write("C: ", "S: "),
		"stamped":  write("2026-11-21 10:00:00.123 DEBUG ["+string(r.Where)+"-1] >>> ", "2026-11-21 10:00:05.456 DEBUG ["+string(r.Where)+"-1] <<< "),
		"fetcher":  write("fetcher: "+name+"> ", "fetcher: "+name+"< "),
		"numbered": "  1  " + name + " session\n" + write("  2  -> ", "  3  <- "),
	}
	if r.Where == corpus.SMTP {
		reply := strings.NewReplacer("MAIL FROM:<support@contoso.example>", "MAIL FROM", "RCPT TO:<b@fabrikam.example>", "RCPT TO", ".", "end of DATA").Replace(command)
		all["postfix"] = "Nov 21 10:00:00 mx postfix/smtp[4711]: 4F2A: to=<b@fabrikam.example>, relay=smtp.office365.com[52.97.1.1]:587, status=deferred (host smtp.office365.com[52.97.1.1] said: " + last + " (in reply to " + reply + " command))"
	}
	return all
}

// TestRecordedAnswersInEveryWrapping: the wrapping of an answer changes nothing
// about what it means.
func TestRecordedAnswersInEveryWrapping(t *testing.T) {
	c, err := corpus.Load()
	if err != nil {
		t.Fatal(err)
	}
	tried := 0
	for _, item := range c.Items {
		if item.Code == "" {
			continue
		}
		var known []explain.Entry
		for k, v := range item.Context {
			if k == "method" {
				k = "account_type"
			}
			known = append(known, explain.Entry{Key: k, Value: v})
		}
		for _, r := range item.Replies() {
			entries := known
			if phase := phases[r.Grant]; r.Where == corpus.Token && phase != "" {
				entries = append(entries[:len(entries):len(entries)], explain.Entry{Key: "phase", Value: phase})
			}
			want := direct(t, r, entries)
			for how, text := range wrapped(r) {
				tried++
				result, err := explain.Text(provider.Entra, text, entries...)
				if err != nil {
					t.Fatalf("%s, %s: %v", r.Name(), how, err)
				}
				if got := result.Findings[0].Code(); got != want {
					t.Errorf("%s, %s: %s, want %s, from\n%s", r.Name(), how, got, want, text)
				}
			}
		}
	}
	if tried < 1000 {
		t.Errorf("only %d wrappings were tried", tried)
	}
}

var phases = map[string]string{"authorization_code": "token", "refresh_token": "refresh", "client_credentials": "client_credentials"}

var stages = map[corpus.Stage]probe.Stage{
	corpus.Greeting: probe.Greeting, corpus.Capability: probe.Capability, corpus.StartTLS: probe.STARTTLSStage, corpus.Authenticate: probe.Authenticate,
	corpus.Open: probe.Open, corpus.MidSession: probe.Open,
	corpus.MailFrom: probe.SendStage, corpus.Rcpt: probe.SendStage, corpus.Data: probe.SendStage, corpus.EndOfData: probe.SendStage,
}

// direct is the code that our own client's error of the same answer has.
func direct(t *testing.T, r corpus.Reply, known []explain.Entry) string {
	t.Helper()
	var c provider.Context
	for _, e := range known {
		if err := c.Set(e.Key, e.Value); err != nil {
			t.Fatal(err)
		}
	}
	var failure error
	if r.Where.Mail() {
		failure = mailError(r)
	} else {
		e := &oauth.Error{Endpoint: oauth.Authorize, Code: r.Error, Suberror: r.Suberror, Subcode: r.Subcode, Numbers: r.Codes,
			Description: corpus.Fill(r.Description, values), Body: r.Body, ContentType: r.ContentType}
		if r.Where == corpus.Token {
			e.Endpoint, e.Grant, e.HTTPStatus = oauth.TokenEnd, r.Grant, r.Status
		}
		failure = e
	}
	f, ok := provider.Entra.ExplainError(failure, c)
	if !ok {
		t.Fatalf("%s is no error of a server", r.Name())
	}
	return f.Code()
}

// mailError is the refusal as our own conversation reports it.
func mailError(r corpus.Reply) error {
	e := &probe.Error{Target: probe.Target{Protocol: probe.Protocol(r.Where)}, Stage: stages[r.Stage], Kind: probe.RefusedByServer, Err: errors.New("refused")}
	for _, l := range r.Lines {
		l = corpus.Fill(l, values)
		word, rest, _ := strings.Cut(l, " ")
		status, text, _ := strings.Cut(rest, " ")
		switch {
		case r.Where == corpus.SMTP:
			e.Reply.Code, _ = strconv.Atoi(l[:3])
			enhanced, text, _ := strings.Cut(l[4:], " ")
			if strings.Count(enhanced, ".") == 2 {
				e.Reply.Enhanced = enhanced
			}
			e.Reply.Line, e.Reply.Text = e.Reply.Line+" "+l, e.Reply.Text+" "+text
		case r.Where == corpus.POP3:
			e.Reply = probe.Reply{Line: l, Status: word, Text: rest}
		case status == "BYE" && e.Reply.Status != "":
			e.Reply.Bye = text
		default:
			e.Reply = probe.Reply{Line: rest, Status: status, Text: text}
		}
	}
	return e
}
