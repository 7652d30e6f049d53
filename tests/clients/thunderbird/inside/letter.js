// Hands for .eml files: open one as by a double-click, see what its tab shows, close it.
const { FileUtils } = ChromeUtils.importESModule("resource://gre/modules/FileUtils.sys.mjs");
const { MailUtils } = ChromeUtils.importESModule("resource:///modules/MailUtils.sys.mjs");
const tabs = window.document.getElementById("tabmail");

window.letter = {
  open(path) {
    const file = new FileUtils.File(path);
    MailUtils.openEMLFile(window, file, Services.io.newFileURI(file));
  },

  // null while something is still to come
  shown() {
    const inner = tabs.currentAboutMessage;
    const page = inner?.getMessagePaneBrowser?.()?.contentDocument;
    const subject = inner?.document.getElementById("expandedsubjectBox")?.textContent.trim();
    const text = page?.body?.innerText.trim();
    const pictures = [...(page?.images ?? [])];
    const there = page?.readyState == "complete" && subject && text && pictures.every(each => each.complete);
    return there ? { subject, text, pictures: pictures.map(each => each.naturalWidth) } : null;
  },

  close: () => tabs.closeTab(),
};
