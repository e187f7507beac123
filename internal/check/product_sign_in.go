package check

import (
	"context"
	"slices"
	"strings"
	"time"

	"latchkey/internal/finding"
	"latchkey/internal/provider"
	"latchkey/internal/setup"
)

var (
	productSignInNotShown = &finding.Definition{
		Code: "product_sign_in_not_shown", Severity: finding.Note, Actor: finding.ProductAdmin, Ours: true, Asks: "authorize_address",
		Title:       "Nobody has shown what {{.product}} asks Microsoft for",
		Consequence: "Its client ID, permissions and redirect URI were not compared.",
		Cause:       "The address of its sign-in page was not pasted.",
		Remedy:      "Open a private window, press Generate in {{.product}}, and paste the address before anybody signs in.",
		Params:      []string{"product"},
	}
	productReturnsElsewhere = &finding.Definition{
		Code: "product_returns_elsewhere", Severity: finding.Blocker, Actor: finding.ProductAdmin, Ours: true,
		Title:       "{{.product}} sends people back to {{.returns}}, and its address is {{.address}}",
		Consequence: "Its sign-in does not come back, and Generate fails.",
		Cause:       "The setting was changed after the last start, or the console was opened under another name.",
		Remedy:      "Open the console under {{.address}}, press Generate again, and paste the new address.",
		Params:      []string{"product", "returns", "address"},
	}
	productNoRefresh = &finding.Definition{
		Code: "product_asks_no_refresh_token", Severity: finding.Blocker, Actor: finding.ProductAdmin, Ours: true,
		Title:       "{{.product}} does not ask for offline_access",
		Consequence: "It gets no refresh token: mail stops after about an hour.",
		Cause:       "The list of permissions in its OAuth application lacks offline_access.",
		Remedy:      "Add offline_access to its permissions, and press Generate again.",
		Params:      []string{"product"},
	}
	productScopeBare = &finding.Definition{
		Code: "product_scope_without_resource", Severity: finding.Blocker, Actor: finding.ProductAdmin, Ours: true,
		Title:       "{{.product}} asks for {{.scope}} of Microsoft Graph",
		Consequence: "The sign-in succeeds, and Exchange then refuses the token.",
		Cause:       "Without the address of Exchange in front, Microsoft takes the permission for one of Microsoft Graph.",
		Remedy:      "In the OAuth application of {{.product}}, write {{.wanted}}.",
		Params:      []string{"product", "scope", "wanted"},
	}
	productScopeMissing = &finding.Definition{
		Code: "product_scope_missing", Severity: finding.Blocker, Actor: finding.ProductAdmin, Ours: true,
		Title:       "{{.product}} does not ask for the permission of {{.protocol}}",
		Consequence: "Its token cannot be used for {{.protocol}}.",
		Cause:       "The list of permissions in its OAuth application lacks {{.wanted}}.",
		Remedy:      "Add {{.wanted}} to its permissions, and press Generate again.",
		Params:      []string{"product", "protocol", "wanted"},
	}
	productAsksGraph = &finding.Definition{
		Code: "product_asks_other_service", Severity: finding.Blocker, Actor: finding.ProductAdmin, Ours: true,
		Title:       "{{.product}} asks for a token of {{.resource}}, which is not Exchange",
		Consequence: "The sign-in succeeds, and Exchange then refuses the token.",
		Cause:       "The resource in its OAuth application is that of Microsoft Graph.",
		Remedy:      "In the OAuth application of {{.product}}, write {{.wanted}} as the resource.",
		Params:      []string{"product", "resource", "wanted"},
	}
	productAsksByRegistration = &finding.Definition{
		Code: "product_asks_by_registration", Severity: finding.Note, Actor: finding.AppAdmin, Ours: true,
		Title:       "{{.product}} gets the permissions that the registration lists",
		Consequence: "None, if they are listed and consented to. What is missing there is missing in its token.",
		Cause:       "Its address is of the older form without v2.0, which asks for no permissions and not for offline_access.",
		Remedy:      "In the step Entra application, paste the manifest, so that the list is compared.",
		Params:      []string{"product"},
	}
	productNoPrompt = &finding.Definition{
		Code: "product_signs_in_silently", Severity: finding.Warning, Actor: finding.ProductAdmin, Ours: true,
		Title:       "{{.product}} lets Microsoft choose who signs in",
		Consequence: "In a normal window its token may belong to the person at the keyboard, without a question.",
		Cause:       "Its request names no prompt.",
		Remedy:      "Press Generate in a private window only, and compare the account that Microsoft shows.",
		Params:      []string{"product"},
	}
	productOtherClient = &finding.Definition{
		Code: "product_uses_other_client", Severity: finding.Blocker, Actor: finding.ProductAdmin, Ours: true,
		Title:       "{{.product}} uses the client ID {{.theirs}}, the one entered here is {{.entered}}",
		Consequence: "What is checked here is not what {{.product}} uses.",
		Cause:       "Two registrations exist, or one of the two IDs is mistyped.",
		Remedy:      "Enter the same client ID in both places.",
		Params:      []string{"product", "theirs", "entered"},
	}
	productOtherTenant = &finding.Definition{
		Code: "product_uses_other_tenant", Severity: finding.Blocker, Actor: finding.ProductAdmin, Ours: true,
		Title:       "{{.product}} signs in at the tenant {{.theirs}}, the one entered here is {{.entered}}",
		Consequence: "What is checked here is not what {{.product}} uses.",
		Cause:       "One of the two tenants is mistyped, or belongs to another company.",
		Remedy:      "Enter the same tenant in both places.",
		Params:      []string{"product", "theirs", "entered"},
	}
	productTenantOpen = &finding.Definition{
		Code: "product_uses_common_tenant", Severity: finding.Warning, Actor: finding.ProductAdmin, Ours: true,
		Title:       "{{.product}} signs in without naming a tenant ({{.theirs}})",
		Consequence: "A registration for one directory refuses that sign-in.",
		Cause:       "Its addresses hold {{.theirs}} in place of the tenant ID.",
		Remedy:      "Write the tenant ID into its authorization and token address.",
		Params:      []string{"product", "theirs"},
	}
	productOtherCloud = &finding.Definition{
		Code: "product_uses_other_cloud", Severity: finding.Blocker, Actor: finding.ProductAdmin, Ours: true,
		Title:       "{{.product}} signs in at {{.theirs}}, and the cloud chosen here uses {{.entered}}",
		Consequence: "Registrations never cross clouds: the sign-in finds no application.",
		Cause:       "One of the two is set to another national cloud.",
		Remedy:      "Choose the same cloud in both places.",
		Params:      []string{"product", "theirs", "entered"},
	}
	productURINotRegistered = &finding.Definition{
		Code: "product_redirect_uri_not_entered", Severity: finding.Warning, Actor: finding.ProductAdmin, Ours: true,
		Title:       "{{.product}} sends the redirect URI {{.theirs}}, another one was entered",
		Consequence: "Once the one that was entered is registered, Microsoft refuses the one that is sent.",
		Cause:       "The redirect URI was typed, or has changed with the external URL.",
		Remedy:      "Take {{.theirs}} over as the redirect URI of the mail application.",
		Params:      []string{"product", "theirs"},
	}
)

// ProductSignIn judges what the product itself asks Microsoft for, by the
// address of the page that its own button opens. What the product's token can
// do later stands in there; nothing else shows it.
var ProductSignIn = &Check{
	ID: "product_sign_in",
	Reads: []setup.Field{
		setup.FieldProduct, setup.FieldProductSignIn, setup.FieldProductURL, setup.FieldProductRedirectURI, setup.FieldProtocols,
		setup.FieldCloud, setup.ConfigProvider,
	},
	Targets:  ownRedirect,
	Needs:    []setup.Field{setup.FieldProductURL},
	NeededBy: setup.StepSignIn,
	Finds: []*finding.Definition{
		productSignInNotShown, productReturnsElsewhere, productNoRefresh, productScopeBare, productScopeMissing,
		productAsksGraph, productAsksByRegistration, productNoPrompt, productURINotRegistered,
	},
	Grade: Pasted, Rejudges: true,
	Run: func(_ context.Context, e *Env, _ Target) Outcome {
		p, name := e.Setup.Addresses.ProductSignIn, e.Product.Name
		if p == nil {
			return Found(finding.New(productSignInNotShown, "product", name))
		}
		out := Passed(Fact{"scopes", strings.Join(p.Scopes, " ")}, Fact{"redirect_uri", p.RedirectURI})
		if p.V1 {
			out.Facts[0] = Fact{"resource", p.Resource}
		}
		add := func(f finding.Finding) { out.Findings = append(out.Findings, f) }
		a := e.Setup.Addresses
		if a.ProductURL != "" && origin(p.RedirectURI) != origin(a.ProductURL) {
			add(finding.New(productReturnsElsewhere, "product", name, "returns", origin(p.RedirectURI), "address", origin(a.ProductURL)).
				With("redirect_uri", p.RedirectURI, ""))
		}
		if a.ProductRedirectURI != "" && a.ProductRedirectURI != p.RedirectURI {
			add(finding.New(productURINotRegistered, "product", name, "theirs", p.RedirectURI).
				With("entered", a.ProductRedirectURI, "").With("sent", p.RedirectURI, ""))
		}
		out.Findings = append(out.Findings, e.productScopes(p)...)
		if p.Prompt == "" || p.Prompt == "none" {
			add(finding.New(productNoPrompt, "product", name))
		}
		return out
	},
}

func (e *Env) productScopes(p *setup.ProductSignIn) []finding.Finding {
	var list []finding.Finding
	name := e.Product.Name
	if p.V1 {
		return []finding.Finding{e.productResource(p)}
	}
	if !slices.Contains(p.Scopes, "offline_access") {
		list = append(list, finding.New(productNoRefresh, "product", name).With("scope", strings.Join(p.Scopes, " "), ""))
	}
	for _, protocol := range setup.Protocols {
		wanted := e.Provider.Scopes[protocol]
		if wanted == "" || !e.Setup.Application.Has(protocol) {
			continue
		}
		i := slices.IndexFunc(p.Scopes, func(s string) bool {
			// Everything that was consented to on that resource.
			return strings.EqualFold(provider.ShortScope(s), provider.ShortScope(wanted)) || provider.ShortScope(s) == ".default" && strings.Contains(s, "://")
		})
		switch {
		case i < 0:
			list = append(list, finding.New(productScopeMissing, "product", name,
				"protocol", strings.ToUpper(string(protocol)), "wanted", wanted).With("scope", strings.Join(p.Scopes, " "), ""))
		case !strings.Contains(p.Scopes[i], "://") || strings.HasPrefix(p.Scopes[i], "https://graph."):
			list = append(list, finding.New(productScopeBare, "product", name, "scope", p.Scopes[i], "wanted", wanted))
		}
	}
	return list
}

// productResource judges a request to the older endpoint. It always leads to a
// refresh token, and to every permission of the registration on the one service
// that it names, or that the token request will name (Microsoft's description
// of the v1.0 code grant, from memory).
func (e *Env) productResource(p *setup.ProductSignIn) finding.Finding {
	resource := strings.TrimSuffix(p.Resource, "/")
	if len(e.Provider.Audiences) > 0 && provider.ForGraph([]string{resource}) {
		return finding.New(productAsksGraph, "product", e.Product.Name, "resource", p.Resource, "wanted", e.Provider.Audiences[0])
	}
	return finding.New(productAsksByRegistration, "product", e.Product.Name).With("resource", p.Resource, "")
}

// ProductClient compares what the product uses with the registration that was
// entered here. The pasted address fills in a client ID by itself, which proves
// nothing: the answers of the step are compared, and the tenant is one of them.
var ProductClient = &Check{
	ID: "product_client",
	Reads: []setup.Field{
		setup.FieldProduct, setup.FieldProductSignIn, setup.FieldCloud, setup.FieldTenant, setup.FieldClientID, setup.ConfigProvider,
	},
	Targets: func(e *Env) []Target {
		if e.Setup.Addresses.ProductSignIn == nil || entraOnly(e) == nil {
			return nil
		}
		return ownRedirect(e)
	},
	Needs:    []setup.Field{setup.FieldTenant, setup.FieldClientID},
	NeededBy: setup.StepSignIn,
	Finds:    []*finding.Definition{productOtherClient, productOtherTenant, productTenantOpen, productOtherCloud},
	Grade:    Pasted, Rejudges: true, Timeout: 30 * time.Second,
	Run: func(ctx context.Context, e *Env, _ Target) Outcome {
		p, r, name := e.Setup.Addresses.ProductSignIn, e.Setup.Registration, e.Product.Name
		var out Outcome
		add := func(d *finding.Definition, theirs, entered string) {
			out.Findings = append(out.Findings, finding.New(d, "product", name, "theirs", theirs, "entered", entered))
		}
		if !strings.EqualFold(p.ClientID, r.ClientID) {
			add(productOtherClient, p.ClientID, r.ClientID)
		}
		theirs := strings.ToLower(p.Tenant)
		switch {
		case slices.Contains([]string{"common", "organizations", "consumers"}, theirs):
			out.Findings = append(out.Findings, finding.New(productTenantOpen, "product", name, "theirs", p.Tenant))
		case !strings.EqualFold(theirs, r.Tenant):
			// Two domains, or a domain and an ID, may name the same tenant.
			if shown, entered := e.tenantID(ctx, theirs), e.tenantID(ctx, r.Tenant); shown != "" && entered != "" && shown != entered {
				add(productOtherTenant, p.Tenant, r.Tenant)
			}
		}
		if !e.signInHost(p.Authority) {
			add(productOtherCloud, p.Authority, e.Provider.Authority)
		}
		return out
	},
}

// signInHost reports whether an authority is one of the chosen cloud's.
func (e *Env) signInHost(authority string) bool {
	hosts := append([]string{e.Provider.Authority}, e.Provider.SignInURLs...)
	return slices.ContainsFunc(hosts, func(h string) bool { return origin(h) == origin(authority) })
}
