package check_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"latchkey/internal/check"
	"latchkey/internal/provider"
	"latchkey/internal/setup"
)

const (
	clientID = "11111111-2222-3333-4444-555555555555"
	tenantID = "99999999-8888-7777-6666-555555555555"
	svc      = "svc-mail@contoso.example"
	sales    = "sales@contoso.example"
)

// one is a case of a check that judges evidence: a change of a setup in which
// everything is right, and what must be found then.
type one struct {
	name   string
	change func(*setup.Setup)
	want   []string
	params []string // of the first finding
}

// judged runs the cases and sees that each finding that only this check can
// report was provoked.
func judged(t *testing.T, c *check.Check, base func() setup.Setup, cases []one, shared ...string) {
	t.Helper()
	seen := shared
	for _, tt := range append([]one{{name: "all is right", change: func(*setup.Setup) {}}}, cases...) {
		t.Run(strings.ReplaceAll(tt.name, " ", "_"), func(t *testing.T) {
			s := base()
			tt.change(&s)
			env := envOf(s)
			targets := c.TargetsOf(env)
			if len(targets) == 0 {
				t.Fatal("the check does not apply")
			}
			out := judge(t, c, env, targets[0])
			wantCodes(t, out, tt.want...)
			if tt.params != nil {
				wantParams(t, out, tt.params...)
			}
			seen = append(seen, codes(out)...)
		})
	}
	for _, d := range c.Finds {
		if !slices.Contains(seen, d.Code) {
			t.Errorf("%s: no case provokes %s", c.ID, d.Code)
		}
	}
}

// shown is a setup whose registration was read by the script and is right.
func shown() setup.Setup {
	s := ece("12.6(1)", "ES1")
	s.CreatedAt = now.Add(-3 * time.Hour)
	s.Application.Method = setup.SharedAccount
	s.Application.Mailboxes = []setup.Address{sales}
	s.Application.SignInAccount = svc
	s.Application.Protocols = []setup.Protocol{setup.IMAP, setup.POP3, setup.SMTP}
	s.Addresses = setup.Addresses{
		ProductURL: "https://ece.contoso.example", ConsoleURL: "https://ece.contoso.example/system", ProductRedirectURI: eceURI,
		ProductSignIn: &setup.ProductSignIn{
			Authority: "https://login.microsoftonline.com", Tenant: tenantID, ClientID: clientID, RedirectURI: eceURI, Prompt: "login",
			Scopes: []string{
				"https://outlook.office.com/IMAP.AccessAsUser.All", "https://outlook.office.com/POP.AccessAsUser.All",
				"https://outlook.office.com/SMTP.Send", "offline_access",
			},
		},
	}
	graph := func(id string) setup.Permission {
		return setup.Permission{Resource: "00000003-0000-0000-c000-000000000000", ID: id, Type: "Scope"}
	}
	s.Registration = setup.Registration{
		Cloud: "entra", Tenant: tenantID, ClientID: clientID,
		App: &setup.Registered{
			Source: setup.FromScript, At: now, ClientID: clientID, TenantID: tenantID, Audience: "AzureADMyOrg",
			Web: []string{ours + "/callback", eceURI}, SignInEnabled: setup.SwitchOn, AssignmentRequired: setup.SwitchOff,
			PublicClient: setup.SwitchOff, Claims: []string{"auth_time"},
			Permissions: []setup.Permission{
				graph("652390e4-393a-48de-9484-05f9b1212954"),
				{Resource: "00000002-0000-0ff1-ce00-000000000000", ID: "FB698133-92FA-453E-A9ED-688E10F2E5AC", Type: "Scope"},
				graph("258f6531-6087-4cc4-bb90-092c5fb3ed3f"),
			},
			Consented: []string{"IMAP.AccessAsUser.All", "POP.AccessAsUser.All", "SMTP.Send"},
			Secrets:   []setup.AppSecret{{ID: "s1", Ends: now.AddDate(1, 0, 0)}},
		},
	}
	return s
}

func app(f func(*setup.Registered)) func(*setup.Setup) {
	return func(s *setup.Setup) { f(s.Registration.App) }
}

func TestRegistered(t *testing.T) {
	judged(t, check.Registered, shown, []one{
		{"nobody has shown it", func(s *setup.Setup) { s.Registration.App = nil }, []string{"registration_not_shown"}, nil},
		{"another client", app(func(a *setup.Registered) { a.ClientID = tenantID; a.Audience = "PersonalMicrosoftAccount" }),
			[]string{"registration_of_other_client"}, []string{"shown", tenantID, "entered", clientID}},
		{"the same client in capitals", app(func(a *setup.Registered) { a.ClientID = strings.ToUpper(clientID) }), nil, nil},
		{"another tenant", app(func(a *setup.Registered) { a.TenantID = clientID }),
			[]string{"registration_of_other_tenant"}, []string{"shown", clientID, "entered", tenantID}},
		{"a domain in place of the tenant ID", func(s *setup.Setup) { s.Registration.Tenant = "contoso.example" }, nil, nil},
		{"a manifest does not know its tenant", app(func(a *setup.Registered) { a.TenantID = "" }), nil, nil},
		{"personal accounts", app(func(a *setup.Registered) { a.Audience = "PersonalMicrosoftAccount" }), []string{"audience_personal_only"}, nil},
		{"several tenants", app(func(a *setup.Registered) { a.Audience = "AzureADMultipleOrgs" }),
			[]string{"audience_wider_than_needed"}, []string{"audience", "AzureADMultipleOrgs"}},
		{"an audience nobody knows", app(func(a *setup.Registered) { a.Audience = "MyOrg" }),
			[]string{"audience_unknown"}, []string{"audience", "MyOrg"}},
		{"switched off", app(func(a *setup.Registered) { a.SignInEnabled = setup.SwitchOff }), []string{"client_disabled"}, nil},
		{"assignment", app(func(a *setup.Registered) { a.AssignmentRequired = setup.SwitchOn }),
			[]string{"assignment_required"}, []string{"sign_in_account", svc}},
		{"public flows", app(func(a *setup.Registered) { a.PublicClient = setup.SwitchOn }), []string{"public_client_flows_allowed"}, nil},
		{"no auth_time", app(func(a *setup.Registered) { a.Claims = []string{"email"} }), []string{"auth_time_not_configured"}, nil},
		{"claims not read", app(func(a *setup.Registered) { a.Claims = nil; a.Unread = []string{"claims: cut"} }),
			[]string{"registration_partly_read"}, []string{"parts", "claims: cut"}},
	})
}

func TestAppPermissions(t *testing.T) {
	judged(t, check.AppPermissions, shown, []one{
		{"one is missing", app(func(a *setup.Registered) { a.Permissions = a.Permissions[1:] }),
			[]string{"permission_not_in_registration"}, []string{"permission", "IMAP.AccessAsUser.All"}},
		{"one is not needed", func(s *setup.Setup) {
			s.Registration.App.Permissions = s.Registration.App.Permissions[1:]
			s.Application.Protocols = s.Application.Protocols[1:]
		}, nil, nil},
		{"under the wrong resource", app(func(a *setup.Registered) { a.Permissions[2].Resource = "00000002-0000-0ff1-ce00-000000000000" }),
			[]string{"permission_not_in_registration"}, []string{"permission", "SMTP.Send"}},
		{"as application permission", app(func(a *setup.Registered) { a.Permissions[2].Type = "Role" }),
			[]string{"permission_not_in_registration", "application_permissions_powerful"}, nil},
		{"application permissions", app(func(a *setup.Registered) {
			a.Permissions = append(a.Permissions, setup.Permission{ID: "5e5addcd-3e8d-4e90-baf5-964efab2b20a", Type: "Role"},
				setup.Permission{ID: clientID, Type: "Role"})
		}), []string{"application_permissions_powerful"}, []string{"permissions", "IMAP.AccessAsApp, " + clientID}},
		{"of another registration", app(func(a *setup.Registered) { a.ClientID = tenantID; a.Permissions = nil }), nil, nil},
		{"not read", app(func(a *setup.Registered) { a.Permissions = nil; a.Unread = []string{"permissions"} }), nil, nil},
	})
	s := shown()
	s.Registration.App = nil
	if targets := check.AppPermissions.TargetsOf(envOf(s)); targets != nil {
		t.Errorf("what nobody has shown is judged: %v", targets)
	}
}

// What the registration lists per platform decides, not only what was copied
// from the portal's page.
func TestRedirectURIsByPlatform(t *testing.T) {
	judged(t, check.RedirectURIs, shown, []one{
		{"nobody has shown any", func(s *setup.Setup) { s.Registration.App = nil }, []string{"redirect_uris_not_compared"}, nil},
		{"list of another registration", app(func(a *setup.Registered) { a.ClientID = tenantID }), []string{"redirect_uris_not_compared"}, nil},
		{"a capital letter", app(func(a *setup.Registered) { a.Web[1] = strings.Replace(eceURI, "oauth", "OAuth", 1) }),
			[]string{"redirect_uri_not_listed"}, []string{"redirect_uri", eceURI}},
		{"none at all", app(func(a *setup.Registered) { a.Web = nil }), []string{"redirect_uri_none", "redirect_uri_none"}, nil},
		{"single-page application", app(func(a *setup.Registered) { a.Web, a.SPA = a.Web[:1], a.Web[1:] }), []string{"platform_is_spa"}, nil},
		{"mobile and desktop", app(func(a *setup.Registered) { a.Web, a.Public = a.Web[1:], a.Web[:1] }), []string{"client_is_public"}, nil},
		{"on both platforms", app(func(a *setup.Registered) { a.SPA = a.Web }), nil, nil},
		{"copied later by hand", func(s *setup.Setup) {
			s.Registration.App.Web = nil
			s.Registration.RedirectURIs = []string{ours + "/callback", eceURI}
		}, nil, nil},
		{"ours is not needed", func(s *setup.Setup) {
			s.Registration.App.Web = []string{eceURI}
			s.Application.ChecklistOnly = true
		}, nil, nil},
	})
}

func TestConsentAsRead(t *testing.T) {
	judged(t, check.Consent, shown, []one{
		{"one is missing", app(func(a *setup.Registered) { a.Consented = a.Consented[:2] }),
			[]string{"admin_consent_incomplete"}, []string{"scopes", "SMTP.Send", "sign_in_account", svc}},
		{"none", app(func(a *setup.Registered) { a.Consented = nil }), []string{"admin_consent_incomplete"}, nil},
		{"not read", app(func(a *setup.Registered) { a.Consented = nil; a.Unread = []string{"consented: denied"} }), []string{"admin_consent_not_given"}, nil},
		{"a manifest does not tell", app(func(a *setup.Registered) { a.Consented = nil; a.Source = setup.FromManifest }), []string{"admin_consent_not_given"}, nil},
		{"given after it was read", func(s *setup.Setup) {
			s.Registration.App.Consented = nil
			s.Registration.Consent = &setup.Consent{At: now.Add(time.Minute), Granted: true}
		}, nil, nil},
		{"refused", func(s *setup.Setup) {
			s.Registration.App = nil
			s.Registration.Consent = &setup.Consent{At: now, Error: "access_denied"}
		}, []string{"admin_consent_refused"}, nil},
		{"without a sign-in here", func(s *setup.Setup) { s.Registration.App = nil; s.Application.ChecklistOnly = true }, nil, nil},
	})
}

func TestSecretEndAsRead(t *testing.T) {
	base := func() setup.Setup { s := shown(); s.Registration.SecretRevision = 1; return s }
	ends := func(days ...int) func(*setup.Setup) {
		return app(func(a *setup.Registered) {
			a.Secrets = nil
			for _, d := range days {
				a.Secrets = append(a.Secrets, setup.AppSecret{Ends: now.AddDate(0, 0, d)})
			}
		})
	}
	judged(t, check.SecretEnd, base, []one{
		{"61 days", ends(61), nil, nil},
		{"60 days", ends(60), []string{"client_secret_ends"}, []string{"days", "60", "date", "2027-01-20"}},
		{"30 days", ends(30), []string{"client_secret_ends_soon"}, []string{"days", "30", "date", "2026-12-21"}},
		{"over", ends(-2), []string{"client_secret_end_over"}, nil},
		{"one of two is over", ends(-2, 100), []string{"client_secret_end_unknown"}, nil},
		{"both are over", ends(-2, -40), []string{"client_secret_end_over"}, nil},
		{"none", ends(), []string{"client_secret_end_unknown"}, nil},
		{"what a person has entered counts", func(s *setup.Setup) { ends(-2)(s); s.Registration.SecretEnds = "2028-01-01" }, nil, nil},
	})
}

func TestChecklistOnlyNeedsNoSecret(t *testing.T) {
	for _, c := range []*check.Check{check.SecretShape, check.SecretEnd, check.Client} {
		s := shown()
		s.Application.ChecklistOnly = true
		if got := c.TargetsOf(envOf(s)); got != nil {
			t.Errorf("%s judges %v", c.ID, got)
		}
		s.Registration.SecretRevision = 1 // saved all the same
		if got := c.TargetsOf(envOf(s)); len(got) != 1 {
			t.Errorf("%s does not judge a secret that is there", c.ID)
		}
	}
	s := shown()
	s.Application.ChecklistOnly = true
	for _, c := range []*check.Check{
		check.SignedIn, check.TokenClaims, check.TokenLifetime, check.TokenRefresh, check.IMAP, check.POP3, check.SMTPLogin,
		check.SMTPOfProduct, check.TestMessage,
	} {
		s.Verification.TestMessage = []setup.Address{sales}
		if got := c.TargetsOf(envOf(s)); got != nil {
			t.Errorf("%s judges %v", c.ID, got)
		}
	}
}

func productAsks(f func(*setup.ProductSignIn)) func(*setup.Setup) {
	return func(s *setup.Setup) { f(s.Addresses.ProductSignIn) }
}

func TestProductSignIn(t *testing.T) {
	judged(t, check.ProductSignIn, shown, []one{
		{"not shown", func(s *setup.Setup) { s.Addresses.ProductSignIn = nil }, []string{"product_sign_in_not_shown"}, nil},
		{"back to another host", func(s *setup.Setup) { s.Addresses.ProductURL = "https://ece.contoso.example:8443" },
			[]string{"product_returns_elsewhere"},
			[]string{"product", "Cisco ECE (eGain)", "returns", "https://ece.contoso.example", "address", "https://ece.contoso.example:8443"}},
		{"capital letters of a host", func(s *setup.Setup) { s.Addresses.ProductURL = "https://ECE.contoso.example" }, nil, nil},
		{"another URI was entered", func(s *setup.Setup) { s.Addresses.ProductRedirectURI = eceURI + "/" },
			[]string{"product_redirect_uri_not_entered"}, nil},
		{"no refresh token", productAsks(func(p *setup.ProductSignIn) { p.Scopes = p.Scopes[:3] }), []string{"product_asks_no_refresh_token"}, nil},
		{"without a prefix", productAsks(func(p *setup.ProductSignIn) { p.Scopes[0] = "IMAP.AccessAsUser.All" }),
			[]string{"product_scope_without_resource"},
			[]string{"product", "Cisco ECE (eGain)", "scope", "IMAP.AccessAsUser.All", "wanted", "https://outlook.office.com/IMAP.AccessAsUser.All"}},
		{"of Graph", productAsks(func(p *setup.ProductSignIn) { p.Scopes[2] = "https://graph.microsoft.com/SMTP.Send" }),
			[]string{"product_scope_without_resource"}, nil},
		{"one protocol is missing", productAsks(func(p *setup.ProductSignIn) { p.Scopes = p.Scopes[1:] }),
			[]string{"product_scope_missing"},
			[]string{"product", "Cisco ECE (eGain)", "protocol", "IMAP", "wanted", "https://outlook.office.com/IMAP.AccessAsUser.All"}},
		{"everything consented to", productAsks(func(p *setup.ProductSignIn) {
			p.Scopes = []string{"https://outlook.office365.com/.default", "offline_access"}
		}), nil, nil},
		{"the older name of the resource", productAsks(func(p *setup.ProductSignIn) {
			p.Scopes[0] = "https://outlook.office365.com/IMAP.AccessAsUser.All"
		}), nil, nil},
		{"the older endpoint", productAsks(func(p *setup.ProductSignIn) {
			p.V1, p.Scopes, p.Resource = true, nil, "https://outlook.office365.com/"
		}), []string{"product_asks_by_registration"}, []string{"product", "Cisco ECE (eGain)"}},
		{"the older endpoint without a service", productAsks(func(p *setup.ProductSignIn) { p.V1, p.Scopes = true, nil }),
			[]string{"product_asks_by_registration"}, nil},
		{"the older endpoint for Graph", productAsks(func(p *setup.ProductSignIn) {
			p.V1, p.Scopes, p.Resource = true, nil, "https://graph.microsoft.com/"
		}), []string{"product_asks_other_service"},
			[]string{"product", "Cisco ECE (eGain)", "resource", "https://graph.microsoft.com/", "wanted", "https://outlook.office.com"}},
		{"no prompt", productAsks(func(p *setup.ProductSignIn) { p.Prompt = "" }), []string{"product_signs_in_silently"}, nil},
	})
	s := shown()
	s.Application.Product = "other"
	if got := check.ProductSignIn.TargetsOf(envOf(s)); got != nil {
		t.Errorf("a product without a sign-in of its own is judged: %v", got)
	}
}

func TestProductClient(t *testing.T) {
	const name = "Cisco ECE (eGain)"
	judged(t, check.ProductClient, shown, []one{
		{"another client", productAsks(func(p *setup.ProductSignIn) { p.ClientID = tenantID }),
			[]string{"product_uses_other_client"}, []string{"product", name, "theirs", tenantID, "entered", clientID}},
		{"another tenant", productAsks(func(p *setup.ProductSignIn) { p.Tenant = clientID }),
			[]string{"product_uses_other_tenant"}, []string{"product", name, "theirs", clientID, "entered", tenantID}},
		{"a domain may be the same tenant", productAsks(func(p *setup.ProductSignIn) { p.Tenant = "contoso.example" }), nil, nil},
		{"no tenant", productAsks(func(p *setup.ProductSignIn) { p.Tenant = "Common" }),
			[]string{"product_uses_common_tenant"}, []string{"product", name, "theirs", "Common"}},
		{"another cloud", productAsks(func(p *setup.ProductSignIn) { p.Authority = "https://login.microsoftonline.us" }),
			[]string{"product_uses_other_cloud"},
			[]string{"product", name, "theirs", "https://login.microsoftonline.us", "entered", "https://login.microsoftonline.com"}},
		{"the other sign-in host", productAsks(func(p *setup.ProductSignIn) { p.Authority = "https://login.microsoft.com" }), nil, nil},
	})
	s := shown()
	s.Addresses.ProductSignIn = nil
	if got := check.ProductClient.TargetsOf(envOf(s)); got != nil {
		t.Errorf("what nobody has shown is compared: %v", got)
	}
	s = shown()
	s.Registration.ClientID = ""
	waits(t, check.ProductClient, s, setup.FieldClientID)
	s = shown()
	s.Registration.Tenant = "" // what was pasted has filled in the client ID
	waits(t, check.ProductClient, s, setup.FieldTenant)
	env := envOf(shown())
	env.Provider = provider.OpenID
	if got := check.ProductClient.TargetsOf(env); got != nil {
		t.Errorf("an address of Entra is compared with another service: %v", got)
	}
}
