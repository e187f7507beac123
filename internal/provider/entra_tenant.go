package provider

import (
	"latchkey/internal/finding"
)

// What the sign-in service says about the tenant and the national cloud.
//
// The numbers of all entra_*.go files and their meaning: learn.microsoft.com/
// entra/identity-platform/reference-error-codes (2026-11-21), and recordings in
// public threads. Microsoft warns that they may change, so the class of the
// OAuth error decides where a number is unknown.
var (
	TenantNotFound = &finding.Definition{
		Code: "tenant_not_found", Severity: finding.Blocker, Actor: finding.AppAdmin,
		Title:       "Microsoft Entra ID does not know the tenant {{.tenant}}",
		Consequence: "Nobody can sign in.",
		Cause:       "The tenant is mistyped, or it belongs to another national cloud.",
		Remedy:      "Copy the Directory (tenant) ID from the page Overview of the app registration.",
		Link:        on(PageOverview),
		Params:      []string{"tenant"},
	}
	TenantMalformed = &finding.Definition{
		Code: "tenant_malformed", Severity: finding.Blocker, Actor: finding.ProductAdmin,
		Title:       "{{.tenant}} is not the form of a tenant",
		Consequence: "Nobody can sign in.",
		Cause:       "The field is empty, or holds something else than a GUID or a domain.",
		Remedy:      "Copy the Directory (tenant) ID from the page Overview of the app registration.",
		Link:        on(PageOverview),
		Params:      []string{"tenant"},
	}
	TenantNeeded = &finding.Definition{
		Code: "tenant_needed", Severity: finding.Blocker, Actor: finding.ProductAdmin,
		Title:       "This application may only be used with its own tenant",
		Consequence: "Nobody can sign in.",
		Cause:       "The sign-in address does not name the tenant of the registration.",
		Remedy:      "Enter the Directory (tenant) ID in the step Entra application.",
		Link:        on(PageOverview),
	}
	WrongCloud = &finding.Definition{
		Code: "wrong_cloud", Severity: finding.Blocker, Actor: finding.ProductAdmin,
		Title:       "The tenant {{.tenant}} belongs to another national cloud",
		Consequence: "Nobody can sign in.",
		Cause:       "Each national cloud has its own sign-in address and its own registrations.",
		Remedy:      "Choose the cloud of the tenant, and register the application there.",
		Params:      []string{"tenant"},
	}
	ClientOfAnotherCloud = &finding.Definition{
		Code: "client_of_another_cloud", Severity: finding.Blocker, Actor: finding.ProductAdmin,
		Title:       "The application {{.client_id}} is registered in another national cloud than the sign-in address",
		Consequence: "No token is issued.",
		Cause:       "A registration of a government or China cloud was used at the worldwide sign-in service, or the other way round.",
		Remedy:      "Choose the cloud in which the application is registered. Tenant, registration and mailbox must be in the same one.",
		Params:      []string{"client_id"},
	}
	TenantRestricted = &finding.Definition{
		Code: "tenant_restricted", Severity: finding.Blocker, Actor: finding.NetworkAdmin,
		Title:       "The company network does not let people sign in to the tenant {{.tenant}}",
		Consequence: "The sign-in ends on Microsoft's page.",
		Cause:       "A proxy adds tenant restrictions, and this tenant is not on its list.",
		Remedy:      "Add the tenant to the tenant restrictions of the proxy, or sign in from a network without them.",
		Params:      []string{"tenant"},
	}
	CrossTenantPolicy = &finding.Definition{
		Code: "cross_tenant_policy", Severity: finding.Blocker, Actor: finding.EntraAdmin,
		Title:       "A cross-tenant policy blocks {{.sign_in_account}}",
		Consequence: "No token is issued.",
		Cause:       "The account is a guest, and one of the two organisations does not allow it to use the other's applications.",
		Remedy:      "Use an account of the tenant itself, or allow the access under External Identities > Cross-tenant access settings.",
		Params:      []string{"sign_in_account"},
	}
	CodeForOtherTenant = &finding.Definition{
		Code: "code_for_other_tenant", Severity: finding.Blocker, Actor: finding.ProductAdmin,
		Title:       "The sign-in and the token request named different tenants",
		Consequence: "This sign-in gives no token.",
		Cause:       "The sign-in address and the token address do not hold the same tenant.",
		Remedy:      "Use the Directory (tenant) ID in both addresses. Then make a new link, and sign in again.",
	}
)

var tenantRules = []Rule{
	{Vendor: []int{90002}, Means: likely(TenantNotFound, WrongCloud)},
	{Vendor: []int{50128}, Means: certain(TenantNotFound)},
	{Vendor: []int{900023}, Means: certain(TenantMalformed)},
	{Vendor: []int{50194, 90130, 90124, 9001023, 90019, 50059}, Means: certain(TenantNeeded)},
	{Vendor: []int{90038}, Means: certain(WrongCloud)},
	{Vendor: []int{900439, 900382, 900432}, Means: certain(ClientOfAnotherCloud)},
	{Vendor: []int{500021, 500022, 50002}, Means: certain(TenantRestricted)},
	{Vendor: []int{500212, 500213}, Means: certain(CrossTenantPolicy)},
	{Vendor: []int{700005}, Means: certain(CodeForOtherTenant)},
}
