// App Check: a token that says that a call comes from this page.
import type { FirebaseApp } from 'firebase/app';
import {
  getLimitedUseToken,
  getToken,
  initializeAppCheck,
  ReCaptchaEnterpriseProvider,
  type AppCheck,
} from 'firebase/app-check';

let appCheck: AppCheck | undefined;

export function attest(app: FirebaseApp, key: string): void {
  appCheck = initializeAppCheck(app, {
    provider: new ReCaptchaEnterpriseProvider(key),
    isTokenAutoRefreshEnabled: true,
  });
}

/** A token for a call; one for this call alone if the function consumes it. Empty if there is none to be had. */
export async function appCheckToken(limitedUse: boolean): Promise<string> {
  if (!appCheck) return '';
  return (limitedUse ? getLimitedUseToken(appCheck) : getToken(appCheck)).then(({ token }) => token, () => '');
}
