// The feed and a post's page as places to look at: the order and tags by address, no gaps, the thumbnail first, dates.
import assert from 'node:assert/strict';
import { livePost, newcomer, published } from '../journeys/support.mjs';
import { accessible, decoded, DESKTOP, fits, PHONE, story, until } from './support.mjs';

const PICTURE = { model: 'Model B', prompt: 'A heron', size: '512x512' };
/** Widths by heights. */
const RATIOS = [1, 0.75, 1.78, 0.7, 1.33, 2.2, 1, 0.56, 1.5, 1, 3, 0.8];

/** The feed as if these were its posts: what the server answered, changed. */
const answered = (page, change) =>
  page.route('**/getFeed', async (route) => {
    const answer = await route.fetch();
    const body = await answer.json();
    if (body.result) body.result = change(body.result, route.request().postDataJSON().data);
    await route.fulfill({ response: answer, json: body });
  });

/** The place of each tile, in rows from the top. */
const rows = (page) =>
  page.locator('.grid').evaluate((grid) => {
    const places = [...grid.querySelectorAll('.tile')].map((tile) => {
      const { left, right, top, bottom } = tile.getBoundingClientRect();
      const { height } = tile.querySelector('img, .still').getBoundingClientRect();
      return { left, right, top: Math.round(top), bottom, height };
    });
    const { left, right } = grid.getBoundingClientRect();
    return { left, right, rows: Object.values(Object.groupBy(places, ({ top }) => top)) };
  });

for (const [device, options] of Object.entries({ 'a desk': DESKTOP, 'a phone': PHONE }))
  story(`the feed on ${device}: order and tag by the address, and rows without gaps`, async (visit, t) => {
    const client = await newcomer(t);
    const tag = `heron${device.length}${Date.now()}`;
    const { postId } = await published(t, client, { caption: 'A heron by the sea', tags: [tag] }, PICTURE);
    await livePost(t, client, postId).until((post) => post.media[0].thumbnail, 'its thumbnail');
    const { page } = await visit(options);
    await page.goto('/feed');
    await page.getByRole('searchbox', { name: 'Tag' }).fill(`#${tag} `);
    await page.keyboard.press('Enter');
    await page.getByRole('heading', { name: `#${tag}` }).waitFor();
    assert.equal(new URL(page.url()).search, `?tag=${tag}`);
    await page.getByRole('group', { name: 'Order' }).getByRole('link', { name: 'Top' }).press('Enter');
    await page.getByRole('link', { name: 'Top', exact: true }).and(page.locator('[aria-current=true]')).waitFor();
    assert.equal(new URL(page.url()).search, `?tag=${tag}&sort=top`);
    await page.getByRole('article').waitFor();
    await accessible(page, `the feed of a tag on ${device}`);
    await page.reload();
    await page.getByRole('link', { name: 'Top', exact: true }).and(page.locator('[aria-current=true]')).waitFor();
    await page.getByRole('link', { name: /^A heron by the sea/ }).click();
    await page.getByRole('link', { name: '‹ Feed' }).click(); // as it was left
    await until(() => new URL(page.url()).search === `?tag=${tag}&sort=top`, 'the same feed');
    await page.goBack();
    await page.getByRole('link', { name: 'A heron by the sea' }).first().waitFor();

    await answered(page, ({ posts: [post] }) => ({
      posts: RATIOS.map((ratio, n) => ({
        ...post,
        postId: `${post.postId}${n}`,
        caption: n % 3 ? post.caption : `${post.caption} ${'and of many other things '.repeat(n)}`,
        media: post.media.map((file) => ({ ...file, thumbnail: { ...file.thumbnail, width: 400 * ratio, height: 400 } })),
      })),
      nextCursor: null,
    }));
    await page.goto(`/feed?tag=${tag}`);
    await until(async () => (await page.getByRole('article').count()) === RATIOS.length, 'all tiles');
    const { left, right, rows: found } = await rows(page);
    assert.ok(found.length > 1);
    for (const row of found) {
      assert.ok(Math.abs(row[0].left - left) < 2, 'a row begins at the edge');
      for (const [n, tile] of row.entries()) {
        assert.ok(Math.abs(tile.bottom - row[0].bottom) < 2, 'as high as its neighbours');
        assert.ok(Math.abs(tile.height - row[0].height) < 2, 'pictures as high as their neighbours');
        if (n > 0) assert.ok(tile.left - row[n - 1].right < 20, 'close to the one before it');
      }
      if (row !== found.at(-1)) assert.ok(Math.abs(row.at(-1).right - right) < 2, 'a row ends at the edge');
    }
    await fits(page);
  });

story('pages whose posts a reader may not see are passed over', async (visit, t) => {
  const client = await newcomer(t);
  const tag = `owl${Date.now()}`;
  await published(t, client, { caption: 'An owl', tags: [tag] }, PICTURE);
  const { page } = await visit(DESKTOP);
  const asked = [];
  await page.route('**/getFeed', async (route) => {
    const { data } = route.request().postDataJSON();
    asked.push(data.cursor ?? '');
    if (asked.length > 3) return route.continue({ postData: JSON.stringify({ data: { ...data, cursor: null } }) });
    const json = { result: { posts: [], nextCursor: `page${asked.length}` } };
    await route.fulfill({ json, headers: { 'access-control-allow-origin': '*' } });
  });
  await page.goto(`/feed?tag=${tag}`);
  await page.getByRole('link', { name: /^An owl/ }).first().waitFor();
  assert.deepEqual(asked, ['', 'page1', 'page2', 'page3']);
});

story('a post’s page shows its thumbnail until the picture is there, in the same place', async (visit, t) => {
  const client = await newcomer(t);
  const { postId } = await published(t, client, { caption: 'A heron' }, PICTURE);
  const { media } = await livePost(t, client, postId).until((post) => post.media[0].thumbnail, 'its thumbnail');
  const { page } = await visit(PHONE);
  const held = [];
  const original = (url) => decodeURIComponent(url.pathname).endsWith(media[0].path);
  await page.route(original, (route) => void held.push(route));
  await page.goto(`/post/${postId}`);
  const image = page.getByRole('img', { name: 'A heron', exact: true });
  await image.waitFor();
  const look = () =>
    image.evaluate((each) => {
      const { width, height } = each.getBoundingClientRect();
      return { behind: getComputedStyle(each).backgroundImage, width, height };
    });
  const before = await look();
  assert.match(before.behind, /thumb/);
  assert.ok(before.width > 200 && Math.abs(before.width - before.height) < 2, `${before.width} × ${before.height}`);
  await until(() => held.length > 0, 'the picture asked for');
  await Promise.all(held.map((route) => route.continue()));
  await decoded(image);
  assert.deepEqual(await look(), { ...before, behind: 'none' }, 'nothing moves');
  await page.evaluate(() => (document.documentElement.style.fontSize = '200%'));
  await fits(page);
});

story('days are written as the reader writes them', async (visit, t) => {
  const client = await newcomer(t);
  const tag = `ibis${Date.now()}`;
  await published(t, client, { caption: 'An ibis', tags: [tag] }, PICTURE);
  const old = ({ posts: [post] }) => ({ posts: [{ ...post, createdAt: '2025-03-04T12:00:00Z' }], nextCursor: null });
  for (const [locale, day] of [['en-US', 'Mar 4, 2025'], ['en-GB', '4 Mar 2025'], ['de-DE', '4 Mar 2025'], ['ar-EG', '٤ مارس ٢٠٢٥']]) {
    const { page } = await visit({ ...DESKTOP, locale });
    await answered(page, old);
    await page.goto(`/feed?tag=${tag}`);
    await page.getByRole('article').getByText(day).waitFor();
  }
});
