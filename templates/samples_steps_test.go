package templates

import (
	"time"

	"github.com/a-h/templ"
)

func stepSamples() map[string]templ.Component {
	application := ApplicationView{
		StepPage: stepOf(midway(), "application"),
		Form: ApplicationForm{Product: "ece", Release: "12.6(1)", Specials: "ES1", Method: "shared_account",
			Mailboxes: mailboxName + "\nsales@contoso.example", SignInAccount: "svc-mail@contoso.example", Protocols: []string{"imap", "smtp"}},
		Products: []Option{{Value: "ece", Text: "Cisco ECE (eGain)", Listed: true}, {Value: "other", Text: "Another mail application"}},
		Releases: []Option{{Value: "", Text: ""}, {Value: "12.5(1)", Text: "12.5(1)"}, {Value: "12.6(1)", Text: "12.6(1)"}, {Value: "15.0", Text: "15.0"}},
		Nodes:    []string{"setup-1"},
	}
	application.Checks = Checks{Run: "/m/k3/application/runs", Done: 1, Total: 1, At: before(time.Hour), Rows: rows()[:1]}
	fresh := ApplicationView{StepPage: stepOf(midway(), "application"), Products: application.Products, Releases: application.Releases}
	fresh.Next = &Next{Me: true, Step: "application"}
	fresh.Setup = setupOf()
	fresh.Setup.Name = ""
	fresh.Onward.Gate = &Gate{Step: "addresses", Needs: []Need{{Step: "application", Reason: "entry_missing", Fields: []string{"product", "mailboxes", "sign_in_account"}}}}
	wrong := application
	wrong.Form.Mailboxes, wrong.Form.Protocols, wrong.Form.Servers = "support", nil, "APP 01 x"
	wrong.Errors = map[string]string{
		"mailboxes": "“support” is not a mail address. A mail address looks like support@contoso.example.",
		"protocols": "“Protocols” is empty.", "method": "“How the mail application signs in” is empty.",
		"servers": "“APP 01 x” is not a server name with one of the roles application, services or all.",
	}
	reading := application
	reading.ReadOnly = true

	return map[string]templ.Component{
		"application":       Application(application),
		"application-new":   Application(fresh),
		"application-error": Application(wrong),
		"application-read":  Application(reading),
		"addresses":         Addresses(addresses()),
		"addresses-other": Addresses(AddressesView{StepPage: func() StepPage {
			s := stepOf(midway(), "addresses")
			s.Checks = Checks{Run: "/m/k3/addresses/runs", Total: 4}
			return s
		}(), ExternalURL: "http://localhost:8080", RedirectURI: "http://localhost:8080/callback"}),
		"registration":         Registration(registration()),
		"registration-error":   Registration(registrationWrong()),
		"registration-blocked": Registration(registrationClosed()),
		"proved":               Proved(stepOf(midway(), "sign_in"), "Cisco ECE (eGain)"),
		"offline": OfflinePage(OfflineView{Page: anonymousSetup(), Made: now, Values: []Fact{{"Client ID", "6f1d2c3b-1111-4222-8333-9a0b1c2d3e4f"}},
			Parts: []Offline{{Title: "Mailbox", Send: "The block.", Clicks: []Click{{Text: "Open this account.", Value: "svc-mail@contoso.example", Link: "https://admin.microsoft.com"}, {Text: "Done."}},
				Scripts: []Script{{ID: "s", Name: "Read", Text: "Get-CASMailbox", Modules: []string{"ExchangeOnlineManagement"}, Roles: []string{"Global Reader"}}}}}}),
		"secret": Secret(SecretView{Page: func() Page { p := midway(); p.Next = nil; return p }(), CanSave: true,
			Secret: SecretLine{Stored: true, Checked: true, By: "Dana Weiss", At: before(time.Hour), Ends: now.AddDate(1, 7, 0)}}),
		"secret-error": Secret(SecretView{Page: anonymousSetup(), CanSave: true,
			Errors: map[string]string{"client_secret": "This is the Secret ID. Paste the text from the column “Value”."}}),
		"secret-saved": Secret(SecretView{Page: anonymousSetup(), SavedNow: true, Secret: SecretLine{Stored: true, Checked: true, At: now}}),
		"secret-read":  Secret(SecretView{Page: anonymousSetup()}),
	}
}

func anonymousSetup() Page {
	p := midway()
	p.Next = nil
	return p
}

func addresses() AddressesView {
	v := AddressesView{
		StepPage: stepOf(midway(), "addresses"), ExternalURL: "https://setup.contoso.example", RedirectURI: "https://setup.contoso.example/callback",
		Product: "Cisco ECE", Setting: "External URL of Application", Place: "Partition > Apps > General Settings",
		Form: AddressesForm{ProductURL: "https://ece.contoso.example", ConsoleURL: "https://ece.contoso.example/default/", ProductRedirectURI: "https://ece.contoso.example/egain/oauth/callback/"},
		Compare: []Comparison{
			{Name: "Redirect URI", Before: "https://ece.contoso.example/egain/oauth/callback", Now: "https://ece.contoso.example/egain/oauth/callback/", At: 48},
			{Name: "Host", Before: "ece.contoso.example", Now: "ECE.contoso.example", At: 0},
			{Name: "External URL", Before: "https://ece.contoso.example", Now: "https://ece.contoso.example", Same: true},
			{Name: "Proxy", Before: "", Now: "http://10.0.0.1", At: 0},
		},
	}
	v.Checks = Checks{Run: "/m/k3/addresses/runs", Done: 7, Total: 7, At: before(time.Hour), Rows: rows()}
	v.Onward.Gate = closed(stepOf(midway(), "registration")).Gate
	return v
}

func registration() RegistrationView {
	v := RegistrationView{
		StepPage:    stepOf(midway(), "registration"),
		Form:        RegistrationForm{Cloud: "global", Tenant: "contoso.example", ClientID: "6f1d2c3b-1111-4222-8333-9a0b1c2d3e4f", SecretEnds: "2028-03-11"},
		Clouds:      []Option{{Value: "global", Text: "Worldwide"}, {Value: "china", Text: "China, operated by 21Vianet"}},
		Secret:      SecretLine{Stored: true, Checked: true, By: "Dana Weiss", At: before(time.Hour), Ends: now.AddDate(1, 7, 0)},
		Redirects:   []string{"https://setup.contoso.example/callback", "https://ece.contoso.example/egain/oauth/callback"},
		Permissions: []string{"IMAP.AccessAsUser.All", "SMTP.Send", "User.Read", "offline_access", "openid", "profile"}, Claim: "auth_time",
		Scopes: []string{"https://outlook.office.com/IMAP.AccessAsUser.All", "https://outlook.office.com/SMTP.Send", "offline_access", "openid", "profile"},
		Portal: "https://entra.microsoft.com/#view/Microsoft_AAD_RegisteredApps/ApplicationsListBlade",
		Scripts: []Script{{ID: "script-registration", Name: "Create or repair the registration",
			Text:    "# Creates the registration\nConnect-MgGraph -Scopes Application.ReadWrite.All\nNew-MgApplication -DisplayName 'Mail of contoso.example'",
			Modules: []string{"Microsoft.Graph.Authentication"}, Roles: []string{"Application Administrator"}}},
		NewKey: true, Offline: "/m/k3/offline.html",
		Paste:   Paste{Name: "registration_paste", Hint: "The whole block or the whole manifest", Rows: 6, Read: "Read: Mail connector, 21 November 2026 10:00"},
		Consent: ConsentLine{URL: "/m/k3/registration/consent", State: "none"},
		Compare: []Comparison{
			{Name: "Redirect URI", Before: "https://setup.contoso.example/callback", Now: "https://setup.contoso.example/callback/", At: 38},
			{Name: "Redirect URI of the mail application", Before: "https://ece.contoso.example/egain/oauth/callback", Now: "https://ece.contoso.example/egain/oauth/callback", Same: true, At: -1},
		},
	}
	v.Next = &Next{Me: true, Step: "registration", Since: before(24 * time.Minute)}
	v.Result = "saved"
	v.Checks = Checks{Run: "/m/k3/registration/runs", Done: 6, Total: 6, At: before(time.Minute), Rows: rows()[:4], Findings: []Finding{
		{Advice: cardOf(secretEnds, "day", "17 Aug 2026", "client", "6f1d2c3b-1111-4222-8333-9a0b1c2d3e4f").Advice, ID: "client_secret_ended", Who: "Dana Weiss",
			At: before(time.Minute), Ask: "/m/k3/ask/client_secret_ended", Again: "/m/k3/registration/runs"},
		{Advice: slow().Advice, ID: "server_slow", Solved: before(time.Minute)},
	}}
	v.Onward.Gate = &Gate{Step: "network", Needs: []Need{{Step: "registration", Reason: "blocker", What: "The client secret ended on 17 Aug 2026", Actor: "app_admin", Who: "Dana Weiss"}}}
	return v
}

func registrationWrong() RegistrationView {
	v := registration()
	v.Result, v.Next = "", nil
	v.Clouds = v.Clouds[:1]
	v.Consent = ConsentLine{State: "refused", At: before(time.Hour), By: "Dana Weiss", Error: "AADSTS65004: the resource owner denied the request"}
	v.Errors = map[string]string{"client_secret": "This is the Secret ID. Paste the text from the column “Value”.", "tenant": "“contoso” is neither a tenant ID nor a domain name."}
	return v
}

func registrationClosed() RegistrationView {
	v := registration()
	v.Checks = Checks{}
	v.StepPage = closed(v.StepPage)
	v.Gate.Needs = v.Gate.Needs[2:]
	v.Form, v.Secret = RegistrationForm{}, SecretLine{}
	return v
}

func laterStepSamples() map[string]templ.Component {
	network := NetworkView{StepPage: stepOf(midway(), "network"), Missing: []string{"SVC01", "SVC02"}, Server: "SVC01", Others: []Link{{Text: "SVC02", URL: "/m/k3/network?server=SVC02#servers-name"}},
		Script: "$targets = 'login.microsoftonline.com:443','outlook.office365.com:993'\nforeach ($t in $targets) { Test-Connection $t }", Command: "latchkey probe --role services"}
	network.Checks = networkChecks(false)
	network.Onward.Step = "mailbox"
	running := network
	running.Checks = networkChecks(true)
	running.Missing = nil
	running.Live = Live{Events: "/m/k3/events", Waits: true, Say: "13 of 15 checks finished."}
	first := NetworkView{StepPage: stepOf(midway(), "network")}
	first.Checks = Checks{Run: "/m/k3/network/runs", Total: 15}
	pasted := network
	pasted.ProbeBlock, pasted.Errors = "no block", map[string]string{"probe_block": "No result block was found in this text. Copy everything between the two marker lines."}

	mailbox := MailboxView{StepPage: stepOf(midway(), "mailbox"), Subjects: []string{"imap", "smtp_auth", "licence", "full_access", "send_as"},
		Account: "svc-mail@contoso.example", Mailboxes: []string{mailboxName}, By: "Dana Weiss", At: before(time.Hour),
		Scripts:    []Script{{ID: "script-mailbox-read", Name: "Read the state", Text: "Get-CASMailbox support@contoso.example"}},
		Paste:      Paste{Name: "mailbox_block", Hint: "The whole block", Rows: 6},
		Statements: []Statement{{Name: "no_sign_in_policy", Hint: "Under Conditional Access", Standing: "yes", By: "Dana Weiss, 21 November 2026"}},
		Form:       MailboxForm{Decision: "statement", Standing: map[string]string{"imap": "yes", "smtp_auth": "no", "licence": "unknown"}}}
	mailboxError := mailbox
	mailboxError.Errors = map[string]string{"full_access": "“The sign-in account has Full Access” is empty.", "decision": "“What this step rests on” is empty."}
	mailboxRead := mailbox
	mailboxRead.ReadOnly = true

	verification := VerificationView{StepPage: stepOf(midway(), "verification"), Mailboxes: []string{mailboxName, "sales@contoso.example"}, Chosen: []string{mailboxName}}
	verification.Reissued = Reissued{Says: "running", Compare: []Comparison{
		{Name: "Account", Before: "svc-mail@contoso.example", Now: "svc-mail@contoso.example", Same: true},
		{Name: "Accepted", Before: "21 Aug 2026, 13:05", Now: "21 Nov 2026, 02:12", Plain: true}}}
	verification.Checks = Checks{Run: "/m/k3/verification/runs", Done: 9, Total: 9, At: now, Rows: rows()[:2], Matrix: &Matrix{
		Caption: "Result by mailbox and protocol", Corner: "Mailbox", Columns: []string{"IMAP", "SMTP"},
		Rows: []MatrixRow{{Name: mailboxName, Cells: []Cell{{State: "passed", Millis: 812}, {State: "passed", Millis: 1310}}},
			{Name: "sales@contoso.example", Cells: []Cell{{State: "passed", Millis: 790}, {State: "note", Anchor: "send_as_unproven"}}}}},
		Findings: []Finding{cardOf(unmeasured, "mailbox", "sales@contoso.example")}}
	verificationClosed := VerificationView{StepPage: closed(stepOf(midway(), "verification"))}

	handover := HandoverView{StepPage: stepOf(finished(), "handover"), OwnKey: true, Product: "Cisco ECE", ReportAt: before(time.Hour),
		Form: HandoverForm{Key: "delete_test_key", Generated: true}, Expiries: expirySamples(),
		Summary: []SummaryRow{{"Mailboxes", mailboxName + "\nsales@contoso.example", "application"}, {"Redirect URI", "https://setup.contoso.example/callback", ""},
			{"Client ID", "6f1d2c3b-1111-4222-8333-9a0b1c2d3e4f", "registration"}, {"Proxy", "", "network"}}}
	handover.Checks = Checks{Run: "/m/k3/handover/runs", Done: 2, Total: 2, Rows: rows()[:2]}
	handoverOther := handover
	handoverOther.Enter = []Fact{{"Address for tokens", "https://login.microsoftonline.com/contoso.example/oauth2/v2.0/token"}, {"IMAP server", "outlook.office365.com, port 993, TLS"}}
	handoverOther.OwnKey, handoverOther.Form = false, HandoverForm{}
	handoverOther.Errors = map[string]string{"key": "“What happens with this sign-in” is empty."}
	handoverError := handover
	handoverError.Errors = map[string]string{"generated": "“Token generated in the mail application” is empty."}

	return map[string]templ.Component{
		"network": Network(network), "network-running": Network(running), "network-first": Network(first), "network-error": Network(pasted),
		"mailbox": MailboxStep(mailbox), "mailbox-error": MailboxStep(mailboxError), "mailbox-read": MailboxStep(mailboxRead),
		"verification": Verification(verification), "verification-blocked": Verification(verificationClosed),
		"handover": Handover(handover), "handover-other": Handover(handoverOther), "handover-error": Handover(handoverError),
		"reissue":       Reissue(ReissueView{Page: finished(), Account: "svc-mail@contoso.example", Action: "/m/k3/reissue", Can: true, Cause: func() *Finding { f := cardOf(secretEnds, "day", "17 Aug 2026", "client", "x"); return &f }()}),
		"reissue-early": Reissue(ReissueView{Page: finished(), Account: "svc-mail@contoso.example", Action: "/m/k3/reissue", Days: 12}),
		"preflight":     Preflight(preflight(true)), "preflight-early": Preflight(preflight(false)),
	}
}

func preflight(dead bool) PreflightView {
	p := page()
	p.Setup = Setup{Path: "/m/k3", Name: mailboxName, Rail: []Row{{Step: "preflight", State: "done"}, {Step: "sign_in", State: "not_started"},
		{Step: "verification", State: "not_started"}, {Step: "handover", State: "not_started"}}}
	v := PreflightView{StepPage: StepPage{Page: p, ID: "preflight", Onward: Onward{Step: "sign_in"}}, Days: 12}
	v.Checks = Checks{Run: "/m/k3/preflight/runs", Done: 3, Total: 3, At: now, Rows: rows()[:2]}
	if dead {
		f := cardOf(secretEnds, "day", "17 Aug 2026", "client", "x")
		v.Cause, v.Elsewhere, v.ElsewhereURL = &f, "registration", "/m/k3/registration/secret"
		v.Onward.Gate = &Gate{Step: "sign_in", Needs: []Need{{Step: "registration", Reason: "blocker", What: "The client secret ended on 17 Aug 2026", Actor: "app_admin"}}}
		return v
	}
	v.Reissue = "/m/k3/reissue/cancel"
	return v
}

func proofs(fourth string) []Evidence {
	return []Evidence{{"E1", "yes"}, {"E2", "yes"}, {"E3", "yes"}, {"E4", fourth}, {"E5", "yes"}}
}

func progress(states ...string) []Progress {
	list := []Progress{{ID: "opened"}, {ID: "separate"}, {ID: "signed_in"}, {ID: "token"}}
	for i, s := range states {
		list[i].State = s
		if s == "done" {
			list[i].At = before(time.Duration(4-i) * time.Minute)
		}
	}
	list[0].Note = "Edge on Windows, 10.20.4.7"
	return list
}

func signIn() SignInView {
	v := SignInView{StepPage: stepOf(midway(), "sign_in"), Account: "svc-mail@contoso.example", Browser: "edge",
		Link: "https://setup.contoso.example/w/K7QF9D2MXR4T", Until: now.Add(30 * time.Minute), Short: "https://setup.contoso.example/w", Typed: "K7QF-9D2M-XR4T", Progress: progress("done", "done", "running")}
	v.Live = Live{Events: "/m/k3/events", Waits: true, Say: "Link opened. Waiting for the sign-in at Microsoft."}
	v.Setup = setupOf("done", "done", "done", "done", "done", "in_progress", "blocked", "not_started")
	v.Setup.Rail[6].By = "sign_in"
	v.Next = nil
	v.Onward.Gate = &Gate{Step: "verification", Needs: []Need{{Step: "sign_in", Reason: "not_checked", What: "An accepted sign-in", Actor: "mailbox_user"}}}
	return v
}

func signInSamples() map[string]templ.Component {
	start, wait, admit, accept, failed, done, auto := signIn(), signIn(), signIn(), signIn(), signIn(), signIn(), signIn()
	start.Link, start.Progress, start.Live = "", progress(), Live{}
	wait.ECE, admit.Local = true, true
	admit.Browser = "firefox"
	admit.Visitor = &Visitor{Browser: "Edge", System: "Windows", Address: "10.20.4.7", At: before(time.Minute)}
	admit.Progress = progress("running")
	accept.Staged = &Staged{SignedIn: "svc-mail@contoso.onmicrosoft.example", Expected: "svc-mail@contoso.example", Until: now.Add(8 * time.Minute)}
	accept.Progress, accept.Evidence, accept.Verdict = progress("done", "done", "done", "running"), proofs("missing"), "separate"
	f := cardOf(secretEnds, "day", "17 Aug 2026", "client", "x")
	failed.Checks = Checks{Done: 3, Total: 4, At: now, Rows: rows()[1:4], Findings: []Finding{f}}
	failed.Progress, failed.Link = progress("done", "done", "no"), ""
	failed.Shown, failed.Errors = "Something went wrong", map[string]string{"shown": "Nothing is known about this text. It is kept with the report."}
	done.Progress, done.Evidence, done.Verdict, done.Link = progress("done", "done", "done", "done"), proofs("yes"), "fresh", ""
	done.Live, done.Onward.Gate = Live{}, nil
	done.Setup.Rail[5].State = "done"
	auto.Live.Auto, auto.Browser = 10, "other"
	return map[string]templ.Component{
		"sign-in": SignIn(wait), "sign-in-start": SignIn(start), "sign-in-admit": SignIn(admit), "sign-in-accept": SignIn(accept),
		"sign-in-failed": SignIn(failed), "sign-in-done": SignIn(done), "sign-in-auto": SignIn(auto),
		"sign-in-blocked": SignIn(SignInView{StepPage: closed(stepOf(midway(), "sign_in"))}),
	}
}

func windowSamples() map[string]templ.Component {
	landing := LandingView{Page: anonymous(), Action: "/w/K7QF9D2MXR4T", Account: "svc-mail@contoso.example", Starter: "Robin Keller", At: before(2 * time.Minute),
		Mailboxes: []string{mailboxName, "sales@contoso.example"}, Permissions: []string{"IMAP.AccessAsUser.All", "SMTP.Send", "offline_access"}}
	f := cardOf(secretEnds, "day", "17 Aug 2026", "client", "x")
	all := map[string]templ.Component{
		"landing":            Landing(landing),
		"type-code":          TypeCode(TypeCodeView{Page: anonymous()}),
		"type-code-wrong":    TypeCode(TypeCodeView{Page: anonymous(), Code: "K7QF", Errors: map[string]string{"link_code": "A code has 12 letters and digits."}}),
		"same-window":        SameWindow(SameWindowView{Page: page(), Browser: "chrome", Link: "https://setup.contoso.example/w/K7QF9D2MXR4T", Back: "/m/k3/sign-in"}),
		"leave":              Leave(LeaveView{Page: anonymous(), URL: "https://login.microsoftonline.com/common/oauth2/v2.0/authorize?client_id=x", Provider: "Microsoft", Host: "login.microsoftonline.com", Account: "svc-mail@contoso.example"}),
		"done":               Done(DoneView{Page: anonymous(), Outcome: "accepted", Account: "svc-mail@contoso.example", ECE: true}),
		"done-staged":        Done(DoneView{Page: anonymous(), Outcome: "staged", Account: "admin@contoso.example"}),
		"done-failed":        Done(DoneView{Page: anonymous(), Outcome: "failed", Finding: &f}),
		"done-running":       Done(DoneView{Page: func() Page { p := anonymous(); p.Live.Waits = true; return p }(), Outcome: "running"}),
		"done-other":         Done(DoneView{Page: anonymous(), Outcome: "another", Account: "admin@contoso.example", Expected: "svc-mail@contoso.example"}),
		"done-replaced":      Done(DoneView{Page: anonymous(), Outcome: "replaced"}),
		"no-cookies":         NoCookies(anonymous()),
		"consent-done":       ConsentDone(anonymous()),
		"done-refused":       Done(DoneView{Page: anonymous(), Outcome: "refused"}),
		"dead-link-used":     DeadLink(DeadLinkView{Page: page(), Why: "used", At: before(time.Hour), New: "/m/k3/sign-in/link"}),
		"dead-link-expired":  DeadLink(DeadLinkView{Page: anonymous(), Why: "expired", Owner: "Robin Keller"}),
		"dead-link-replaced": DeadLink(DeadLinkView{Page: anonymous(), Why: "replaced"}),
		"dead-link-unknown":  DeadLink(DeadLinkView{Page: anonymous(), Why: "unknown"}),
	}
	return all
}
