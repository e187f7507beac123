package templates

import (
	"time"

	"github.com/a-h/templ"

	"latchkey/internal/finding"
	"latchkey/internal/locale"
)

// now is the time of every sample.
var now = time.Date(2026, 8, 20, 13, 5, 0, 0, time.UTC)

func before(d time.Duration) time.Time { return now.Add(-d) }

const mailboxName = "support@contoso.example"

func page() Page {
	return Page{User: "Robin Keller", Admin: true, Now: now, Version: "0.1", Path: "/m/k3/x"}
}

func anonymous() Page { return Page{Now: now, Version: "0.1", Path: "/login"} }

func setupOf(states ...string) Setup {
	ids := []string{"application", "addresses", "registration", "network", "mailbox", "sign_in", "verification", "handover"}
	s := Setup{Path: "/m/k3", Name: mailboxName}
	for i, id := range ids {
		row := Row{Step: id, State: "not_started"}
		if i < len(states) {
			row.State = states[i]
		}
		switch row.State {
		case "blocked":
			row.By = "registration"
		case "waiting":
			row.By = "Dana Weiss"
		}
		s.Rail = append(s.Rail, row)
	}
	return s
}

// midway is a setup in which every state occurs.
func midway() Page {
	p := page()
	p.Setup = setupOf("done", "done", "waiting", "needs_attention", "in_progress", "blocked", "out_of_date", "not_started")
	p.Setup.Rail[1].Warnings = 1
	facts := []string{
		"Cisco ECE 12.6(1), shared account, 3 mailboxes", "2 redirect URIs to register", "Invited at 12:41 UTC",
		"APP02: port 443 is closed", "4 of 6 answers", "", "The client secret has changed", "",
	}
	for i, f := range facts {
		p.Setup.Rail[i].Fact = f
	}
	p.Next = &Next{Who: "Dana Weiss", Actor: "entra_admin", Step: "registration", Since: before(24 * time.Minute)}
	return p
}

func finished() Page {
	p := page()
	p.Setup = setupOf("done", "done", "done", "done", "done", "done", "done", "done")
	return p
}

func stepOf(p Page, id string) StepPage {
	next := map[string]string{"application": "addresses", "addresses": "registration", "registration": "network",
		"network": "mailbox", "mailbox": "sign_in", "sign_in": "verification", "verification": "handover"}
	return StepPage{Page: p, ID: id, Revision: "7", Onward: Onward{Step: next[id]}}
}

func closed(s StepPage) StepPage {
	s.Gate = &Gate{Step: s.ID, Ask: "/m/k3/ask/registration", Needs: []Need{
		{Step: "registration", Reason: "entry_missing", Fields: []string{"client_id", "client_secret"}, Actor: "entra_admin", Who: "Dana Weiss"},
		{Step: "network", Reason: "blocker", What: "APP02 cannot reach login.microsoftonline.com on port 443", Actor: "network_admin"},
		{Step: "addresses", Reason: "not_checked", What: "Our external URL", Actor: "product_admin"},
	}}
	return s
}

var portClosed = &finding.Definition{
	Code: "port_closed", Severity: finding.Blocker, Actor: finding.NetworkAdmin,
	Title:       "{{.server}} cannot reach {{.host}} on port {{.port}}",
	Consequence: "Without this connection {{.server}} cannot renew the token. Mail stops about one hour after the last renewal.",
	Cause:       "An outbound firewall rule is missing for {{.server}}. APP01 and APP03 use another network segment.",
	Remedy:      "Allow {{.server}} to connect to {{.host}}, TCP port {{.port}}, outbound.",
	Command:     "Test-NetConnection {{.host}} -Port {{.port}}",
	Params:      []string{"server", "host", "port"},
}

var dnsFilter = &finding.Definition{
	Code: "dns_filtered", Severity: finding.Blocker, Actor: finding.NetworkAdmin,
	Title: "A name server answers with a wrong address", Consequence: "Connections end at a block page.",
	Cause: "A filter answers in place of the public name server.", Remedy: "Let {{.host}} resolve to its public addresses.",
	Params: []string{"server", "host", "port"},
}

var serverSlow = &finding.Definition{
	Code: "server_slow", Severity: finding.Warning, Actor: finding.NetworkAdmin,
	Title:       "{{.server}} needs 2.1 seconds for IMAP",
	Consequence: "This does not stop the setup. Mail may arrive late on this server.",
	Cause:       "The connection takes a long way, or a proxy reads along.",
	Remedy:      "Measure the way to {{.host}} at another time of day.",
	Params:      []string{"server", "host", "port"},
}

var secretEnds = &finding.Definition{
	Code: "client_secret_ended", Severity: finding.Blocker, Actor: finding.AppAdmin,
	Title:       "The client secret ended on {{.day}}",
	Consequence: "Microsoft refuses each renewal. Mail has stopped.",
	Cause:       "A client secret lives two years at most, and this one was not replaced.",
	Remedy:      "Create a new client secret under Certificates & secrets and paste its value in step 3.",
	Link:        "https://entra.microsoft.com/#view/Microsoft_AAD_RegisteredApps/ApplicationMenuBlade/~/Credentials/appId/{{.client}}",
	Wait:        10 * time.Minute,
	Params:      []string{"day", "client"},
}

var unmeasured = &finding.Definition{
	Code: "send_as_unproven", Severity: finding.Note, Actor: finding.ExchangeAdmin, Unconfirmed: true,
	Title: "Send As was not proven for {{.mailbox}}", Consequence: "Mail to other companies may be refused.",
	Cause: "Exchange tells only when a message is sent.", Remedy: "Allow one test message.",
	Params: []string{"mailbox"},
}

func port() Finding {
	f := finding.New(portClosed, "server", "APP02", "host", "login.microsoftonline.com", "port", "443").
		With("TCP connect to 20.190.151.9:443, 3 of 3 attempts", "i/o timeout after 5 s", "6f1d2c3b-1111-4222-8333-9a0b1c2d3e4f")
	f.Causes = append(f.Causes, finding.Cause{Definition: dnsFilter, Likelihood: finding.Possible})
	f.Causes[0].Likelihood = finding.Likely
	return Finding{
		Advice: printerEN.Finding(f), ID: "port_closed", At: before(2 * time.Minute), Target: "APP02 → login.microsoftonline.com:443",
		Again: "/m/k3/network/runs", Ask: "/m/k3/ask/port_closed",
		Details: []Fact{{"Address", "20.190.151.9"}, {"Name server", "10.20.0.2"}, {"Attempts", "3"}},
	}
}

func cardOf(d *finding.Definition, pairs ...string) Finding {
	return Finding{Advice: printerEN.Finding(finding.New(d, pairs...)), ID: d.Code, At: before(time.Minute)}
}

func slow() Finding {
	f := cardOf(serverSlow, "server", "APP03", "host", "outlook.office365.com", "port", "993")
	f.Ignore, f.Ask = "/m/k3/ignore", "/m/k3/ask/server_slow"
	return f
}

func networkChecks(running bool) Checks {
	matrix := &Matrix{
		Caption: "Result by server and connection", Corner: "Server",
		Columns: []string{"DNS", "Sign-in, 443", "IMAP, 993", "POP3, 995", "SMTP, 587"},
		Rows: []MatrixRow{
			{Name: "APP01", Note: "application", Cells: []Cell{{State: "passed", Millis: 12}, {State: "passed", Millis: 48}, {State: "passed", Millis: 61}, {}, {State: "passed", Millis: 83}}},
			{Name: "APP02", Note: "application", Cells: []Cell{{State: "passed", Millis: 14}, {State: "problem", Anchor: "port_closed"}, {State: "skipped"}, {}, {State: "passed", Millis: 90}}},
			{Name: "SVC01.branch.contoso.example", Note: "services", Cells: []Cell{{State: "passed", Millis: 11}, {State: "passed", Millis: 52}, {State: "warning", Millis: 2140, Anchor: "server_slow"}, {}, {State: "not_checked"}}},
		},
	}
	c := Checks{Run: "/m/k3/network/runs", Done: 15, Total: 15, At: before(2 * time.Minute), Matrix: matrix, Findings: []Finding{port(), slow()}}
	if running {
		c.Done, c.Running = 13, true
		matrix.Rows[2].Cells[4] = Cell{State: "running"}
	}
	return c
}

func rows() []CheckRow {
	return []CheckRow{
		{Name: "The release supports OAuth2", State: "passed", Millis: 1},
		{Name: "The address is reachable", Target: "https://ece.contoso.example", State: "passed", Millis: 148, Facts: []Fact{{"Certificate until", "2027-03-11"}, {"Issuer", "Contoso Public CA"}}},
		{Name: "The redirect URIs are equal", State: "problem"},
		{Name: "The portal knows the redirect URI", State: "skipped", After: "The redirect URIs are equal"},
		{Name: "TLS on our address", State: "not_needed"},
		{Name: "Admin consent", State: "entry_needed"},
		{Name: "The secret is accepted", State: "out_of_date"},
	}
}

var printerEN = func() *locale.Printer {
	c, err := locale.Load()
	if err != nil {
		panic(err)
	}
	return c.Printer("en")
}()

// samples are all pages in all their states, by name.
func samples() map[string]templ.Component {
	all := map[string]templ.Component{}
	for _, group := range []map[string]templ.Component{
		accessSamples(), dashboardSamples(), overviewSamples(), stepSamples(), laterStepSamples(), signInSamples(),
		windowSamples(), peopleSamples(), reportSamples(), problemSamples(), explainSamples(),
	} {
		for name, c := range group {
			if all[name] != nil {
				panic("two samples named " + name)
			}
			all[name] = c
		}
	}
	return all
}
