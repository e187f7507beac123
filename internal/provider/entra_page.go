package provider

import (
	"slices"

	"latchkey/internal/finding"
)

// pageRules know the sentences of Microsoft's sign-in pages that show no number
// or hide it behind a link: people copy what they can see. The number behind "More
// details" works in every language, and comes first. No recording holds these
// pages, so none of the causes is certain.
var pageRules = []Rule{
	{Text: approvalWords, When: consented, Means: likely(ConsentPromptForced, ConsentMissing)},
	{Text: approvalWords, When: forced, Means: likely(AdminConsentNeeded, ConsentPromptForced)},
	{Text: approvalWords, When: unsaidPrompt, Means: likely(AdminConsentNeeded, ConsentPromptForced)},
	{Text: approvalWords, Means: likely(AdminConsentNeeded)},
	{Text: approvalAbroad, Unconfirmed: true, Means: likely(AdminConsentNeeded)},
	{Text: []string{"approval request sent", "request sent for approval"}, Means: likely(ConsentRequested)},
	{Text: []string{"You can't get there from here", "You cannot get there from here"}, Means: likely(DeviceRequired, PolicyBlocksSignIn)},
	{Text: []string{"does not meet the criteria to access this resource", "You cannot access this right now", "You don't have access to this"},
		Means: likely(PolicyBlocksSignIn, DeviceRequired)},
	{Text: []string{"Selected user account does not exist in tenant"}, Means: likely(AccountOfAnotherTenant)},
	{Text: []string{"does not exist or is not enabled for consumers", "You can't sign in here with a personal account"}, Means: likely(PersonalAccount, ClientUnknown)},
	{Text: []string{"This username may be incorrect", "couldn't find an account with that username"}, Means: likely(AccountUnknown, AccountOfAnotherTenant)},
	{Text: []string{"Your account or password is incorrect"}, Means: likely(PasswordWrong)},
	{Text: []string{"Your account has been locked", "Your account is temporarily locked"}, Means: likely(AccountLocked)},
	{Text: []string{"your password has expired", "Update your password"}, Means: likely(PasswordExpired)},
	{Text: []string{"Your organization needs more information to keep your account secure", "More information required"}, Means: likely(MFANotRegistered)},
}

// EndsSignIn reports whether a sign-in is over when its page shows f. On some
// pages the person goes on: types again, answers a question, or makes a new
// password; and a page that nobody can explain may be one of these.
func EndsSignIn(f finding.Finding) bool {
	goesOn := []*finding.Definition{Unexplained, SignInInterrupted, PasswordWrong, AccountUnknown, PasswordExpired, MFANotRegistered}
	return len(f.Causes) > 0 && !slices.Contains(goesOn, f.Causes[0].Definition)
}

// approvalWords are the titles and sentences of the pages on which only an
// administrator can go on.
var approvalWords = []string{
	"need admin approval", "admin approval required", "requires your admin's approval", "approval required", "admin consent required",
	"admin consent is required", "administrator consent is required", "only an admin can grant", "only an administrator can",
}

// approvalAbroad is the heading of the same page in German, Brazilian Portuguese,
// Italian, Japanese and Chinese, and the part of its sentence that only an
// administrator can grant this. German and Japanese as administrators quote them
// (public threads, read November 2026), the others as Microsoft's translated
// pages word it; no page was seen.
var approvalAbroad = []string{
	"administratorgenehmigung erforderlich", "genehmigung des administrators erforderlich", "nur ein administrator erteilen kann", "nur von einem administrator erteilt",
	"aprovação do administrador", "aprovação de administrador", "somente um administrador pode conceder", "apenas um administrador pode conceder",
	"approvazione dell'amministratore", "approvazione amministratore", "solo un amministratore può concedere",
	"管理者の承認が必要", "管理者の同意が必要", "管理者のみが付与できる",
	"需要管理员批准", "需要管理员的批准", "需要管理员审批", "只有管理员才能授予",
}
