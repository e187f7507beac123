package templates

import (
	"time"

	"github.com/a-h/templ"
)

func accessSamples() map[string]templ.Component {
	return map[string]templ.Component{
		"delete":     Delete(DeleteView{Page: finished(), Action: "/m/k3/delete", Key: true, People: 1}),
		"not-set-up": NotSetUp(NotSetUpView{Page: anonymous(), Command: "latchkey init --config /etc/latchkey.toml"}), "not-set-up-printed": NotSetUp(NotSetUpView{Page: anonymous()}),
		"claim": Claim(ClaimView{Page: anonymous(), Action: "/claim/abc", Until: now.Add(30 * time.Minute)}),
		"claim-error": Claim(ClaimView{Page: anonymous(), Action: "/claim/abc", Name: "Robin Keller", Until: now.Add(30 * time.Minute),
			Errors: map[string]string{"password": "“Password” is too short.", "password_again": "The two passwords differ."}}),
		"login":       Login(LoginView{Page: anonymous(), Back: "/m/k3/registration", Kept: true}),
		"login-error": Login(LoginView{Page: anonymous(), Name: "robin", Errors: map[string]string{"name": "Name and password do not belong together."}}),
	}
}

func mailboxes() []Mailbox {
	return []Mailbox{
		{Path: "/m/1", Name: "sales@contoso.example", Product: "Another mail application", State: "sign_in_again",
			Renewed: before(50 * time.Hour), Verified: before(51 * time.Hour), SecretEnds: before(48 * time.Hour), Expiry: before(48 * time.Hour), Expires: "client_secret"},
		{Path: "/m/2", Name: "orders.department.northern-europe@contoso.example", Product: "Cisco ECE 12.5(1)", State: "ends_soon",
			TestKey: true, Fetching: "not_observed", Renewed: before(20 * time.Minute), Verified: before(20 * time.Minute),
			Expiry: now.AddDate(0, 0, 12), Expires: "client_secret"},
		{Path: "/m/3", Name: mailboxName, Product: "Cisco ECE 12.6(1)", State: "waiting", By: "Dana Weiss", Token: "none"},
		{Path: "/m/6", Name: "claims@contoso.example", Product: "Cisco ECE 12.6(1)", State: "not_seen", Token: "deleted", Fetching: "not_observed", Verified: before(time.Hour), SecretEnds: now.AddDate(0, 0, 80)},
		{Path: "/m/4", Product: "", State: "setting_up"},
		{Path: "/m/5", Name: "info@contoso.example", Product: "Cisco ECE 12.6(1)", State: "working", TestKey: true, Fetching: "seen",
			Fetched: before(11 * time.Hour), Renewed: before(6 * time.Minute), Verified: before(5 * time.Minute),
			Expiry: now.AddDate(0, 0, 203), Expires: "client_secret"},
		{Path: "/m/6", Name: "hr@contoso.example", Product: "Another mail application", State: "working",
			Renewed: before(4 * time.Minute), Verified: before(65 * time.Minute), Expiry: now.AddDate(0, 0, 55), Expires: "inactivity"},
	}
}

func dashboardSamples() map[string]templ.Component {
	p := page()
	p.Path = "/"
	signedOut := p
	signedOut.Languages = []Language{{"en", "English", true}, {"de", "Deutsch", false}, {"pt-BR", "Português (Brasil)", false},
		{"it", "Italiano", false}, {"ja", "日本語", false}, {"zh-Hans", "简体中文", false}}
	full := DashboardView{Page: signedOut, Mailboxes: mailboxes(), All: 12, Mine: 2, Others: 1, Ending: 2, CanAdd: true}
	none := full
	none.Mailboxes, none.Search = nil, "infoo"
	filtered := full
	filtered.Page, filtered.Mailboxes, filtered.Filter, filtered.All = p, full.Mailboxes[:2], "mine", 6
	steps := []string{"application", "addresses", "registration", "network", "mailbox", "sign_in", "verification", "handover"}
	return map[string]templ.Component{
		"dashboard":          Dashboard(full),
		"dashboard-empty":    Dashboard(DashboardView{Page: p, CanAdd: true}),
		"dashboard-no-hit":   Dashboard(none),
		"dashboard-filtered": Dashboard(filtered),
		"new":                New(NewView{Page: p, Steps: steps}),
		"help":               Help(HelpView{Page: p, Contact: "Service desk, telephone 4711", Steps: steps}),
		"accessibility":      Accessibility(p),
		"language":           LanguagePage(LanguageView{Page: signedOut, Back: "/m/k3"}),
	}
}

func history() []Event {
	return []Event{
		{At: before(2 * time.Minute), What: "The checks finished: 1 problem and 1 warning.", Step: "network"},
		{At: before(24 * time.Minute), Who: "Robin Keller", What: "invited the Microsoft 365 administrator.", Step: "registration"},
		{At: before(26 * time.Hour), Who: "Robin Keller", What: "saved the addresses.", Step: "addresses"},
	}
}

func persons() []Person {
	return []Person{
		{ID: "p1", Name: "Robin Keller", Role: "owner", Presence: "here", Me: true},
		{ID: "p2", Name: "Dana Weiss", Role: "m365_admin", Presence: "away", Step: "registration", CanEnd: true},
		{ID: "p3", Role: "observer", Presence: "left", Until: now.Add(22 * time.Hour), CanEnd: true},
	}
}

func expirySamples() []Expiry {
	return []Expiry{
		{What: "client_secret", At: now.AddDate(0, 0, 41), Who: "Owner of the Entra application"},
		{What: "inactivity", At: now.AddDate(0, 0, 89), Who: "Owner of the sign-in account"},
	}
}

func overviewSamples() map[string]templ.Component {
	fresh := page()
	fresh.Setup = setupOf()
	fresh.Setup.Name = ""
	fresh.Next = &Next{Me: true, Step: "application"}
	working := finished()
	working.Result = "accepted"
	dead := finished()
	return map[string]templ.Component{
		"overview": Overview(OverviewView{Page: midway(), State: "waiting", By: "Dana Weiss", Product: "Cisco ECE 12.6(1)", Waiting: 1,
			Mailboxes: []string{mailboxName, "sales@contoso.example", "info@contoso.example"},
			SeenAt:    before(28 * time.Hour), SeenSince: history()[:2], People: persons(), History: history(), Report: true}),
		"overview-new": Overview(OverviewView{Page: fresh, State: "setting_up", People: persons()[:1]}),
		"overview-working": Overview(OverviewView{Page: working, State: "working", Product: "Another mail application", Mailboxes: []string{mailboxName},
			People: persons()[:2], Invites: true, History: history(), Expiries: expirySamples(), Report: true, Reissue: "/m/k3/reissue"}),
		"overview-dead": Overview(OverviewView{Page: dead, State: "sign_in_again", Product: "Another mail application",
			People: persons()[:2], History: history(), Report: true, Reissue: "/m/k3/reissue"}),
	}
}

func peopleSamples() map[string]templ.Component {
	p := midway()
	p.Next = nil
	invited := PeopleView{Page: p, People: persons(), CanInvite: true, Role: "m365_admin",
		Link: "https://setup.contoso.example/join/K7QF9D2MXR4T", LinkRole: "m365_admin", LinkUntil: now.Add(24 * time.Hour), Inviter: "Robin Keller"}
	knocking := PeopleView{Page: p, People: persons()[:1], CanInvite: true, Waiting: []Visitor{
		{ID: "v1", Name: "Dana Weiss", Role: "m365_admin", Browser: "Edge", System: "Windows", Address: "10.1.9.4", At: before(time.Minute)}}}
	join := JoinView{Page: anonymous(), Action: "/join/abc", Inviter: "Robin Keller", Mailbox: mailboxName, Role: "m365_admin",
		Steps: []string{"registration", "mailbox"}, Until: now.Add(24 * time.Hour)}
	wrong := join
	wrong.Errors = map[string]string{"name": "“Name” is empty."}
	room := WaitingRoomView{Page: anonymous(), State: "waiting", Inviter: "Robin Keller", Name: "Dana Weiss"}
	room.Live = Live{Events: "/join/abc/events", Waits: true}
	admitted, refused := room, room
	admitted.State, admitted.Go, refused.State = "admitted", "/m/k3", "refused"
	return map[string]templ.Component{
		"people":        People(invited),
		"people-knock":  People(knocking),
		"people-error":  People(PeopleView{Page: p, People: persons()[:1], CanInvite: true, Errors: map[string]string{"role": "“Role” is empty."}}),
		"join":          Join(join),
		"join-error":    Join(wrong),
		"room":          WaitingRoom(room),
		"room-admitted": WaitingRoom(admitted),
		"room-refused":  WaitingRoom(refused),
	}
}

func reportSamples() map[string]templ.Component {
	p := finished()
	ask := AskView{Page: midway(), Advice: port().Advice, Who: "", Step: "network", Until: now.AddDate(0, 0, 12),
		URL: "https://setup.contoso.example/findings/port_closed"}
	ask.Next = nil
	return map[string]templ.Component{
		"report": Report(ReportView{Page: p, State: "working", At: now, Steps: p.Setup.Rail, Expiries: expirySamples(),
			Summary: []Fact{{"Mailbox", mailboxName}, {"Sign-in account", "svc-mail@contoso.example"}, {"Client ID", "6f1d2c3b-1111-4222-8333-9a0b1c2d3e4f"},
				{"Redirect URI", "https://setup.contoso.example/callback"}, {"Proxy", ""}},
			Matrices: []Matrix{*networkChecks(false).Matrix}, Checks: rows(), Evidence: proofs("missing"), Verdict: "separate",
			Findings: []Finding{port(), slow()}, Overrides: history()[1:2], People: persons()[:2],
			Formats: []Link{{"Markdown", "/m/k3/report.md"}, {"Text", "/m/k3/report.txt"}, {"JSON", "/m/k3/report.json"}}}),
		"ask":           Ask(ask),
		"history":       History(HistoryView{Page: midway(), Events: history()}),
		"history-empty": History(HistoryView{Page: midway()}),
		"explain":       Explain(ExplainView{Page: page(), Advice: slow().Advice}),
		"explain-note":  Explain(ExplainView{Page: page(), Advice: cardOf(unmeasured, "mailbox", mailboxName).Advice}),
	}
}

func problemSamples() map[string]templ.Component {
	all := map[string]templ.Component{}
	for _, status := range []int{403, 404, 405, 409, 410, 413, 421, 422, 429, 500, 418} {
		v := ErrorView{Page: page(), Status: status, Reference: "7F3K", At: now}
		switch status {
		case 403:
			v.Who = "Dana Weiss"
		case 421:
			v.Host = "https://setup.contoso.example"
		case 429:
			v.Retry = now.Add(5 * time.Minute)
		case 500:
			v.Draft, v.Back = "/m/k3/registration", "/m/k3"
		}
		all["error-"+string(rune('0'+status/100))+string(rune('0'+status/10%10))+string(rune('0'+status%10))] = Error(v)
	}
	p := midway()
	p.Next = nil
	all["conflict"] = ConflictPage(ConflictView{Page: p, Step: "registration", Revision: "8", Who: "Dana Weiss", At: before(time.Minute),
		Fields: []Conflict{{"client_id", "6f1d2c3b-1111-4222-8333-9a0b1c2d3e4f", "6f1d2c3b-1111-4222-8333-9a0b1c2d3e40"}, {"tenant", "contoso.example", ""}}})
	all["impact"] = Impact(ImpactView{Page: p, Step: "application", Action: "/m/k3/changes/d1",
		Changes:  []Comparison{{Name: "Sign-in account", Before: "svc-mail@contoso.example", Now: "svc-post@contoso.example", At: 4}},
		Affected: []Affected{{"mailbox", "Full Access and Send As", false}, {"sign_in", "The accepted sign-in", false}, {"verification", "All results", true}},
		Kept:     []string{"addresses", "registration", "network"}})
	return all
}
