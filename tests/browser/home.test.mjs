// What visitors find at first: what tokens buy, and what others have made.
import assert from 'node:assert/strict';
import { finished, newcomer } from '../journeys/support.mjs';
import { accessible, decoded, DESKTOP, fits, PHONE, signUp, story } from './support.mjs';

for (const [device, options] of Object.entries({ 'a desktop': DESKTOP, 'a phone': PHONE }))
  story(`the home of a visitor on ${device}`, async (visit, t) => {
    const client = await newcomer(t);
    const caption = `A heron for ${device}`;
    const { job } = await finished(t, client, { model: 'Model B', prompt: 'A heron', size: '512x512' });
    const { postId } = await client.call('publishPost', { creationId: job.creationId, caption });
    const { models } = await client.call('getStudioOptions');
    await client.call('likePost', { postId, liked: true }); // the most liked are shown
    const ada = await visit(options);
    const { page } = ada;
    await page.goto('/');
    const home = page.getByRole('region', { name: 'What others make' });
    const [, pictures] = /up to (\d+) pictures, up to \d+ films or up to \d+ songs/.exec(
      await home.getByText(/^200 tokens buy up to/).innerText(),
    );
    const picture = models.find(({ id }) => id === 'z-image');
    assert.ok(Number(pictures) >= Math.floor(200 / picture.price.tokens), 'the cheapest model counts');
    await decoded(home.getByRole('img', { name: caption }));
    await accessible(page, `the home on ${device}`);
    await fits(page);
    await home.getByRole('link', { name: caption }).click();
    await page.waitForURL(`**/post/${postId}`);
    await page.goBack();
    await home.waitFor();
    await signUp(ada, 'Ada');
    await home.waitFor({ state: 'detached' });
    await page.getByText('What you make appears here.').waitFor();
    await page.getByText(/^You have 200 tokens\. They buy up to \d+ pictures/).waitFor();
  });
