package flow

import (
	"latchkey/internal/check"
	"latchkey/internal/setup"
)

// New is the flow of a new mailbox: eight steps.
var New = Flow{
	{setup.StepApplication,
		[]setup.Field{setup.FieldProduct, setup.FieldRelease, setup.FieldMethod, setup.FieldMailboxes, setup.FieldSignInAccount, setup.FieldProtocols},
		[]*check.Check{check.Release, check.AccountMethod, check.Protocols, check.NewestSpecial, check.GuideInUse}},
	{setup.StepAddresses,
		[]setup.Field{setup.FieldProductURL, setup.FieldConsoleURL, setup.FieldProductRedirectURI},
		[]*check.Check{check.ExternalURL, check.SelfCall, check.RedirectURIForm, check.ProductURL, check.ProductAddresses, check.ProductReachable, check.ProductSignIn}},
	{setup.StepRegistration,
		[]setup.Field{setup.FieldTenant, setup.FieldClientID, setup.FieldClientSecret},
		[]*check.Check{
			// What was shown comes before what the service says: it names the page.
			check.Tenant, check.SecretShape, check.ProductClient, check.Registered, check.RedirectURIs, check.AppPermissions,
			check.Client, check.SecretEnd, check.Consent,
		}},
	{setup.StepNetwork, nil,
		[]*check.Check{check.Network, check.InstallationPorts}},
	{setup.StepMailbox,
		[]setup.Field{setup.FieldEvidence},
		[]*check.Check{check.MailboxEvidence, check.AccountEvidence, check.MailboxState, check.SignInPolicy}},
	{setup.StepSignIn,
		[]setup.Field{setup.FieldAttempt},
		[]*check.Check{check.SignedIn}},
	{setup.StepVerification,
		[]setup.Field{setup.FieldTestMessage},
		[]*check.Check{
			check.TokenClaims, check.TokenLifetime, check.TokenRefresh, check.IMAP, check.POP3, check.SMTPLogin, check.SMTPOfProduct,
			check.TestMessage,
		}},
	{setup.StepHandover,
		[]setup.Field{setup.FieldHandover},
		[]*check.Check{
			check.KeyDecision, check.ProductSignedIn, check.LocalConsole, check.AliasActive, check.ServicesRestarted,
			check.WorkflowExists, check.StillFetching, check.ProductFetches, check.AlarmArrived, check.ProvedByProduct,
			check.FirstRenewal, check.ReportStored,
		}},
}

// Reissue is the flow of a token that is issued again: everything that can be
// checked without a person, then the sign-in, the proof and the hand-over. It
// asks for no evidence again, however old it is.
var Reissue = Flow{
	{setup.StepPreflight, nil,
		[]*check.Check{check.ExternalURL, check.SelfCall, check.Tenant, check.SecretShape, check.Client, check.SecretEnd, check.Network}},
	New[5],
	New[6],
	New[7],
}

// Of returns the flow a setup is in.
func Of(s setup.Setup) Flow {
	if s.Reissue != nil {
		return Reissue
	}
	return New
}
