package web

import (
	"cmp"
	"maps"
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"latchkey/internal/adminscript"
	"latchkey/internal/check"
	"latchkey/internal/product"
	"latchkey/internal/provider"
	"latchkey/internal/setup"
	"latchkey/internal/wizard"
	"latchkey/templates"
)

// formOf is what stands in a step's form when it is opened: the stored answers,
// and over them what was saved for later or rejected.
func (r *request) formOf(v wizard.View, step setup.StepID) wizard.Entries {
	e := r.answersOf(v, step)
	maps.Copy(e, v.Setup.Typed[step])
	return e
}

// answersOf writes the stored answers of a step as a form would send them.
func (r *request) answersOf(v wizard.View, step setup.StepID) wizard.Entries {
	s := v.Setup
	e := wizard.Entries{}
	put := func(f setup.Field, values ...string) { e[string(f)] = values }
	switch step {
	case setup.StepApplication:
		a := s.Application
		put(setup.FieldProduct, a.Product)
		put(setup.FieldRelease, a.Release)
		put(setup.FieldSpecials, strings.Join(a.Specials, ", "))
		put(setup.FieldMethod, string(a.Method))
		put(setup.FieldMailboxes, lines(a.Mailboxes))
		put(setup.FieldSignInAccount, string(a.SignInAccount))
		var protocols []string
		for _, p := range a.Protocols {
			protocols = append(protocols, string(p))
		}
		put(setup.FieldProtocols, protocols...)
		var servers []string
		for _, one := range a.Servers {
			servers = append(servers, one.Name+" "+string(one.Role))
		}
		put(setup.FieldServers, strings.Join(servers, "\n"))
		put(setup.FieldChecklistOnly, map[bool]string{true: "yes"}[a.ChecklistOnly])
	case setup.StepAddresses:
		put(setup.FieldProductURL, s.Addresses.ProductURL)
		put(setup.FieldConsoleURL, s.Addresses.ConsoleURL)
		put(setup.FieldProductRedirectURI, s.Addresses.ProductRedirectURI)
	case setup.StepRegistration:
		put(setup.FieldCloud, s.Registration.Cloud)
		put(setup.FieldTenant, r.tenant(v))
		put(setup.FieldClientID, s.Registration.ClientID)
		put(setup.FieldSecretEnds, string(s.Registration.SecretEnds))
		put(setup.FieldRedirectURIs, strings.Join(s.Registration.RedirectURIs, "\n"))
	case setup.StepMailbox:
		put("decision", string(s.Mailbox.Decision))
		for subject, standing := range s.Mailbox.Statement {
			put(setup.Field(subject), string(standing))
		}
	case setup.StepVerification:
		var chosen []string
		for _, m := range s.Verification.TestMessage {
			chosen = append(chosen, string(m))
		}
		put(setup.FieldTestMessage, chosen...)
	case setup.StepHandover:
		put("key", string(s.Handover.Key))
		if !s.Handover.GeneratedAt.IsZero() {
			put("generated", "yes")
		}
	}
	for _, item := range wizard.Items(v, step) {
		put(setup.Field(item), string(s.Checklist[item].Standing))
	}
	return e
}

// tenant is prefilled from the domain of the sign-in account: Entra accepts a
// verified domain in place of the tenant ID.
func (r *request) tenant(v wizard.View) string {
	if v.Setup.Registration.Tenant != "" {
		return v.Setup.Registration.Tenant
	}
	if a := v.Setup.Application.SignInAccount; a != "" && v.Provider.Claims.Tenant != "" {
		return a.Domain()
	}
	return ""
}

func lines(list []setup.Address) string {
	words := make([]string, len(list))
	for i, a := range list {
		words[i] = string(a)
	}
	return strings.Join(words, "\n")
}

func join(values []string) string { return strings.Join(values, "\n") }

// form is what stands in a step's form: what was typed and not saved, else the
// stored answers.
func (r *request) form(v wizard.View, step setup.StepID, typed wizard.Entries) func(setup.Field) string {
	if typed == nil {
		typed = r.formOf(v, step)
	}
	return typed.Get
}

func (r *request) applicationView(v wizard.View, p templates.StepPage, typed wizard.Entries) templates.ApplicationView {
	if typed == nil {
		typed = r.formOf(v, setup.StepApplication)
	}
	out := templates.ApplicationView{StepPage: p, Nodes: []string{v.Node}, Releases: []templates.Option{{}}}
	for _, one := range product.All() {
		out.Products = append(out.Products, templates.Option{Value: one.ID, Text: one.Name, Listed: len(one.Releases) > 0})
		for _, rel := range one.Releases {
			out.Releases = append(out.Releases, templates.Option{Value: rel.ID, Text: one.Name + " " + rel.ID})
		}
	}
	out.Form = templates.ApplicationForm{
		Product: typed.Get(setup.FieldProduct), Release: typed.Get(setup.FieldRelease), Specials: typed.Get(setup.FieldSpecials),
		Method: typed.Get(setup.FieldMethod), Mailboxes: typed.Get(setup.FieldMailboxes),
		SignInAccount: typed.Get(setup.FieldSignInAccount), Protocols: typed[string(setup.FieldProtocols)],
		Servers: typed.Get(setup.FieldServers), ChecklistOnly: typed.Get(setup.FieldChecklistOnly) != "",
	}
	out.Statements = r.statements(v, setup.StepApplication, typed.Get)
	out.Guides, out.Unlisted = r.guidesOf(v)
	return out
}

func (r *request) addressesView(v wizard.View, p templates.StepPage, typed wizard.Entries) templates.AddressesView {
	get := r.form(v, setup.StepAddresses, typed)
	out := templates.AddressesView{
		StepPage: p, ExternalURL: v.ExternalURL, RedirectURI: v.CallbackURL,
		Form: templates.AddressesForm{
			ProductURL: get(setup.FieldProductURL), ConsoleURL: get(setup.FieldConsoleURL),
			ProductRedirectURI: get(setup.FieldProductRedirectURI),
		},
	}
	if v.Setup.Application.ChecklistOnly {
		out.RedirectURI = "" // nobody signs in here
	}
	out.Need = r.printer.T("step_need.preflight") // nothing is entered
	if v.Product.OwnRedirect {
		out.Need = ""
		out.Product = v.Product.Name
		if rel, ok := v.Product.Release(v.Setup.Application.Release); ok {
			out.Setting, out.Place = rel.Setting, rel.Place
		}
	}
	out.Compare = r.compared(v.Addresses)
	read := ""
	if asks := v.Setup.Addresses.ProductSignIn; asks != nil {
		read = r.printer.T("addresses.learnt", "client", asks.ClientID, "uri", asks.RedirectURI)
	}
	out.Paste = r.paste(setup.StepAddresses, 4, read)
	for i, c := range out.Compare { // no more of them is compared
		out.Compare[i].Name = r.printer.T("addresses.origin", "field", c.Name)
	}
	return out
}

// compared words values that stand side by side.
func (r *request) compared(list []check.Compared) []templates.Comparison {
	var out []templates.Comparison
	for _, c := range list {
		name := r.printer.T("field." + string(c.Field))
		if c.Field == setup.FieldRedirectURIs {
			name = r.printer.T("addresses.redirect_uri")
		}
		out = append(out, templates.Comparison{
			Name: name, Before: c.Needed, Now: c.Seen, Same: c.Same, Wrong: !c.Same, At: setup.FirstDifference(c.Needed, c.Seen),
		})
	}
	return out
}

func (r *request) registrationView(v wizard.View, p templates.StepPage, typed wizard.Entries) templates.RegistrationView {
	get := r.form(v, setup.StepRegistration, typed)
	reg := v.Setup.Registration
	out := templates.RegistrationView{
		StepPage: p, Colleague: r.who(v, "app_admin") != "",
		Form: templates.RegistrationForm{
			Cloud: get(setup.FieldCloud), Tenant: get(setup.FieldTenant), ClientID: get(setup.FieldClientID),
			SecretEnds: get(setup.FieldSecretEnds), RedirectURIs: get(setup.FieldRedirectURIs),
		},
		Secret:    r.secretLine(v),
		Redirects: v.RedirectURIs(), Compare: r.compared(v.Redirects),
		Portal:  v.Provider.PortalLink(provider.PageRegistrations, reg.ClientID),
		Consent: templates.ConsentLine{State: "none", URL: r.s.Wizard.ConsentURL(v, r.visitor.who)},
	}
	if typed == nil && reg.Tenant == "" { // nobody has answered this step yet
		if out.Form.Tenant != "" && out.Form.Tenant == r.tenant(v) {
			out.TenantHint = r.printer.T("registration.tenant_prefilled")
		}
		if asks := v.Setup.Addresses.ProductSignIn; asks != nil && reg.ClientID != "" && reg.App == nil {
			out.ClientHint = r.printer.T("registration.client_id_prefilled")
		}
	}
	out.Clouds = r.clouds(v)
	out.Found = r.cloudOffered(v)
	if v.Provider.Kind == provider.KindEntra {
		out.Scripts, out.NewKey = r.scripts(v, adminscript.Registration, adminscript.RegistrationRead), reg.ScriptKey == ""
	}
	read := ""
	if reg.App != nil {
		read = r.printer.T("registration.shown", "name", reg.App.Name, "time", r.printer.DateTime(reg.App.At))
	}
	if v.Provider.Kind == provider.KindEntra {
		out.Paste = r.paste(setup.StepRegistration, 6, read)
		out.Offline = "/m/" + string(v.Setup.ID) + "/offline.html"
	}
	out.Scopes = v.Provider.AskFor(v.Setup.Application.Protocols)
	out.Permissions, out.Claim = v.Provider.Registers(v.Setup.Application.Protocols)
	if c := reg.Consent; c != nil {
		out.Consent.By, out.Consent.At, out.Consent.State = c.By, c.At, "refused"
		if c.Granted {
			out.Consent.State = "granted"
		} else {
			out.Consent.Error = strings.TrimSpace(c.Error + " " + c.Description)
		}
	}
	return out
}

// clouds are the choices of the sign-in service. Microsoft's national clouds
// stand among them only while discovery has not found the tenant, or one of them
// was chosen.
func (r *request) clouds(v wizard.View) []templates.Option {
	lost := false
	if st, ok := v.Step(setup.StepRegistration); ok {
		for _, c := range st.Checks {
			lost = lost || c.Check == check.Tenant && c.Result != nil && !c.Passed()
		}
	}
	var list []templates.Option
	for _, one := range r.s.Wizard.ProviderList() {
		national := one.Kind == provider.KindEntra && !one.Elsewhere && one.ID != provider.Entra.ID
		if !national || lost || v.Provider.ID == one.ID {
			list = append(list, templates.Option{Value: one.ID, Text: one.Name})
		}
	}
	return list
}

func (r *request) cloudOffered(v wizard.View) templates.Option {
	id := v.CloudOffered()
	for _, one := range r.s.Wizard.ProviderList() {
		if one.ID == id {
			return templates.Option{Value: one.ID, Text: one.Name}
		}
	}
	return templates.Option{}
}

func (r *request) networkView(v wizard.View, p templates.StepPage, typed wizard.Entries) templates.NetworkView {
	out := templates.NetworkView{StepPage: p, ProbeBlock: typed.Get("probe_block")}
	out.Statements = r.statements(v, setup.StepNetwork, r.form(v, setup.StepNetwork, typed))
	st, _ := v.Step(setup.StepNetwork)
	for _, c := range st.Checks {
		if c.Check == check.Network && c.Target.Server != v.Node && !c.Current {
			index(&out.Missing, c.Target.Server)
		}
	}
	servers := pastedServers(v)
	wanted := append([]string{r.URL.Query().Get("server")}, out.Missing...)
	i := slices.IndexFunc(wanted, func(name string) bool { return serverIndex(servers, name) >= 0 })
	if len(servers) > 0 {
		chosen := 0
		if i >= 0 {
			chosen = serverIndex(servers, wanted[i])
		}
		server := servers[chosen]
		out.Server, out.Chosen = server.Name, i == 0
		out.Script = r.s.Wizard.Script(v, adminscript.Network, server)
		out.Command = r.probeCommand(v, server)
		for j, other := range servers {
			if j != chosen {
				out.Others = append(out.Others, templates.Link{Text: other.Name, URL: serverURL(v, other.Name)})
			}
		}
	}
	if out.Server == "" {
		unnamed := setup.Server{Name: templates.UnnamedServer, Role: setup.RoleServices}
		out.Script = r.s.Wizard.Script(v, adminscript.Network, unnamed)
		out.Command = r.probeCommand(v, unnamed)
	}
	return out
}

// pastedServers are those whose results people paste: all that the setup names
// but this one.
func pastedServers(v wizard.View) []setup.Server {
	return slices.DeleteFunc(slices.Clone(v.Setup.Application.Servers), func(s setup.Server) bool { return strings.EqualFold(s.Name, v.Node) })
}

func serverIndex(list []setup.Server, name string) int {
	return slices.IndexFunc(list, func(s setup.Server) bool { return strings.EqualFold(s.Name, name) })
}

// serverURL is where the script of one server stands: a block names the server
// for which its script was made, not the one on which it ran.
func serverURL(v wizard.View, server string) string {
	return "/m/" + string(v.Setup.ID) + "/" + setup.StepNetwork.Path() + "?" + url.Values{"server": {server}}.Encode() + "#servers-name"
}

// probeCommand is the command whose block this setup takes: for its sign-in
// service and under the server's name. A name that a shell would read otherwise
// is left out; the host's own is then taken.
func (r *request) probeCommand(v wizard.View, server setup.Server) string {
	words := []string{cmp.Or(r.s.Probe, "latchkey probe"), "--cloud", v.Provider.ID, "--role", string(cmp.Or(server.Role, setup.RoleServices))}
	if plainName.MatchString(server.Name) {
		words = append(words, "--node", server.Name)
	}
	return strings.Join(words, " ")
}

var plainName = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9._-]*$`)

func (r *request) mailboxView(v wizard.View, p templates.StepPage, typed wizard.Entries) templates.MailboxView {
	get := r.form(v, setup.StepMailbox, typed)
	out := templates.MailboxView{
		StepPage: p, Account: string(v.Setup.Application.SignInAccount),
		Form: templates.MailboxForm{Decision: get("decision"), Standing: map[string]string{}},
	}
	if m := v.Setup.Mailbox; m.Decision == setup.ByStatement {
		out.By, out.At = m.By, m.At
	}
	for _, subject := range check.Subjects(v.Setup.Application) {
		out.Subjects = append(out.Subjects, string(subject))
		out.Form.Standing[string(subject)] = get(setup.Field(subject))
	}
	for _, m := range v.Setup.Application.Mailboxes {
		out.Mailboxes = append(out.Mailboxes, string(m))
	}
	out.Statements = r.statements(v, setup.StepMailbox, get)
	read := ""
	if x := v.Setup.Mailbox.Exchange; x != nil {
		out.ByScript = true
		read = r.printer.T("mailbox.read", "name", x.By, "time", r.printer.DateTime(x.At))
	}
	if v.Provider.Kind == provider.KindEntra {
		out.Scripts = r.scripts(v, adminscript.MailboxRead, adminscript.MailboxRepair)
		out.Paste = r.paste(setup.StepMailbox, 6, read)
	}
	return out
}

func (r *request) verificationView(v wizard.View, p templates.StepPage, typed wizard.Entries) templates.VerificationView {
	if typed == nil {
		typed = r.formOf(v, setup.StepVerification)
	}
	out := templates.VerificationView{StepPage: p, Chosen: typed[string(setup.FieldTestMessage)], Sending: r.sending(v), Reissued: r.reissued(v)}
	if v.Setup.Application.Has(setup.SMTP) {
		for _, m := range v.Setup.Application.Mailboxes {
			out.Mailboxes = append(out.Mailboxes, string(m))
		}
	}
	return out
}

func (r *request) handoverView(v wizard.View, p templates.StepPage, typed wizard.Entries) templates.HandoverView {
	get := r.form(v, setup.StepHandover, typed)
	out := templates.HandoverView{
		StepPage: p, OwnKey: v.Product.Key == product.OwnKey, Product: v.Product.Name,
		Form:     templates.HandoverForm{Key: get("key"), Generated: get("generated") != ""},
		Reissued: r.reissued(v),
		Expiries: r.expiries(v), ReportAt: v.ReportAt, NoKey: v.Setup.Application.ChecklistOnly,
		Statements: r.statements(v, setup.StepHandover, get),
	}
	read := ""
	if in := v.Setup.Handover.ProductSignedIn; in != nil {
		read = r.printer.T("handover.signed_in", "account", string(in.User))
	}
	out.Paste = r.paste(setup.StepHandover, 4, read)
	row := func(field, value string, step setup.StepID) {
		if value != "" {
			out.Summary = append(out.Summary, templates.SummaryRow{Name: r.printer.T("field." + field), Value: value, Step: string(step)})
		}
	}
	a, reg := v.Setup.Application, v.Setup.Registration
	var protocols []string
	for _, one := range a.Protocols {
		protocols = append(protocols, r.printer.T("protocol."+string(one)))
	}
	row("product", strings.TrimSpace(v.Product.Name+" "+a.Release), setup.StepApplication)
	row("mailboxes", strings.ReplaceAll(lines(a.Mailboxes), "\n", ", "), setup.StepApplication)
	row("sign_in_account", string(a.SignInAccount), setup.StepApplication)
	row("protocols", strings.Join(protocols, ", "), setup.StepApplication)
	row("tenant", reg.Tenant, setup.StepRegistration)
	row("client_id", reg.ClientID, setup.StepRegistration)
	if v.SecretEnds != "" {
		row("secret_ends", r.printer.Date(v.SecretEnds.Time()), setup.StepRegistration)
	}
	if v.Setup.SignIn.Pinned != nil {
		out.Summary = append(out.Summary, templates.SummaryRow{
			Name: r.printer.T("fact.signed_in_as"), Value: v.Setup.SignIn.Pinned.UserName, Step: string(setup.StepSignIn),
		})
	}
	out.Enter = r.entered(v)
	return out
}

// entered is what a mail application that signs in itself is given. Latchkey
// has no door through which another program gets its token.
func (r *request) entered(v wizard.View) []templates.Fact {
	reg, p := v.Setup.Registration, v.Provider
	if reg.ClientID == "" {
		return nil
	}
	var list []templates.Fact
	add := func(name, value string) {
		if value != "" {
			list = append(list, templates.Fact{Name: name, Value: value})
		}
	}
	tenant := v.TenantID()
	add(r.printer.T("field.tenant"), tenant)
	add(r.printer.T("field.client_id"), reg.ClientID)
	if p.Kind == provider.KindEntra {
		base := p.Authority + "/" + tenant + "/oauth2/v2.0/"
		add(r.printer.T("handover.authorize"), base+"authorize")
		add(r.printer.T("handover.token"), base+"token")
	} else {
		add(r.printer.T("handover.discovery"), p.DiscoveryURL(reg.Tenant))
	}
	add(r.printer.T("fact.scopes"), strings.Join(p.AskFor(v.Setup.Application.Protocols), " "))
	for _, protocol := range v.Setup.Application.Protocols {
		host := p.Hosts[protocol]
		add(r.printer.T("handover.server", "protocol", r.printer.T("protocol."+string(protocol))),
			r.printer.T("security."+string(host.Security), "host", host.Host, "port", strconv.Itoa(host.Port)))
	}
	account := string(v.Setup.Application.SignInAccount)
	for _, protocol := range v.Setup.Application.Protocols {
		user := lines(v.Setup.Application.Mailboxes) // RFC 7628: the mailbox to open, not who signed in
		if protocol == setup.SMTP && v.Setup.Application.Method == setup.SharedAccount {
			user = account
		}
		add(r.printer.T("handover.user", "protocol", r.printer.T("protocol."+string(protocol))), user)
	}
	add(r.printer.T("handover.generates"), account)
	return list
}
