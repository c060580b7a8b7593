// The frame of every page, in Arabic.
import type { frame as english } from '../en/frame.ts';
import type { Translation } from '../text.ts';

export const frame = {
  languages: 'اللغة',
  notFound: 'غير موجود',
  pageNotFound: 'الصفحة غير موجودة',
  goToStudio: 'اذهب إلى الاستوديو',
  noConnection: 'لا يوجد اتصال',
  notLoaded: 'تعذّر تحميل هذه الصفحة',
  notReached: 'تعذّر الوصول إلى StudioX',
  checkConnection: 'تحقق من اتصالك و{reload}.',
  reload: 'أعد تحميل الصفحة',
  nothingBought: 'لم يُشترَ شيء، ولم يُحسم منك شيء.',
  messages: 'الرسائل',
  closeMessage: 'أغلق هذه الرسالة',
  undo: 'تراجع',
} as const satisfies Translation<typeof english>;
